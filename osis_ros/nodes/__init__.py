"""The ROS 2 nodes and the conversion between messages, images and `Instances`.

May import rclpy and `osis_ros.inference`. Never torch.
"""
