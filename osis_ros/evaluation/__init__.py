"""How good a model is: metrics/ are the measures, jobs/ run them over data, reports/ show them, commands.py is the CLI.

May import `osis_ros.inference`, `osis_ros.coco`, faster-coco-eval, jinja2. Never torch, never rclpy.
"""
