"""COCO-format annotations and masks: reading, checking, run-length encoding.

May import numpy, cv2. Never torch, never rclpy.
"""
