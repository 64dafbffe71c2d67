"""Recorded bags: reading, writing, recording, and replaying one through a model.

May import rosbags, rclpy, `osis_ros.messages` and `osis_ros.evaluation`. Never torch.
"""
