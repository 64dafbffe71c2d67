"""Metrics, and running a model over recorded images or bags.

May import `osis_ros.inference`, faster-coco-eval, rosbags, jinja2. Never torch, never rclpy.
"""
