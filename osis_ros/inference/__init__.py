"""Image to `Instances`, by ONNX Runtime.

May import numpy, cv2, onnxruntime, pydantic. Never torch, never rclpy.
"""

import os

# From 1.29 on, ONNX Runtime writes a device id into the user's cache and reports to Microsoft. It decides when it is
# first imported, by this variable; a user who wants that sets it to 0.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
