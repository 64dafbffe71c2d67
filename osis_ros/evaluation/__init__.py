"""How good a model is: metrics/ has the measures, jobs/ run them over data, reports/ show the results.

May import `osis_ros.inference`, `osis_ros.coco`, faster-coco-eval, jinja2. Never torch, never rclpy.
"""
