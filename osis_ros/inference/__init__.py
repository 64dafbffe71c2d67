"""Image to `Instances`, by ONNX Runtime.

May import numpy, cv2, onnxruntime, pydantic. Never torch, never rclpy.
"""
