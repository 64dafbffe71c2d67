"""Names that a user teaches by showing an object: how it looks, its views, the thresholds, the gallery and its folder.

NumPy and OpenCV. Never rclpy, never torch.
"""
