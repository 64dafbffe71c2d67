"""Metrics, and running a model over recorded images or bags.

May import `osis_ros.inference`, faster-coco-eval, rosbags. Never torch, never rclpy.
"""
