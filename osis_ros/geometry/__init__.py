"""From depth and `Instances` to objects in 3D: position, box, and how reliable these are.

May import numpy, scipy, cv2. Never torch, never rclpy. Unless stated otherwise, everything is in metres and in the
camera's optical frame (REP 103: z forward, x right, y down).
"""
