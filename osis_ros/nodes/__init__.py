"""The ROS 2 nodes, a file each.

May import rclpy, `osis_ros.messages` and `osis_ros.inference`. Never torch. The simulated camera also imports
`osis_ros.simulation`, when it runs.
"""
