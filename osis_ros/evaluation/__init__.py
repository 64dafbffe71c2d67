"""Evaluation of models: metrics/ has the measures, jobs/ runs them on data, reports/ shows the results.

May import `osis_ros.inference`, `osis_ros.coco`, faster-coco-eval, jinja2. Never torch, never rclpy.
"""
