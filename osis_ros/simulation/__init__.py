"""Tabletop scenes in MuJoCo: objects, physics, rendering, data sets, ground truth.

May import mujoco, numpy, cv2. Never torch, never rclpy.
"""

from osis_ros.simulation.gl import choose_backend

choose_backend()
