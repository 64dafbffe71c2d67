"""From pixels to metres: depth and `Instances` become objects in 3D with a place, a box and how far to trust it.

May import numpy, scipy, cv2. Never torch, never rclpy. Everything is in the camera's optical frame (REP 103: z forward,
x right, y down) and in metres, unless it says otherwise.
"""
