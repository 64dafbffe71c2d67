"""The ROS 2 nodes and the conversion between messages, images and `Instances`.

May import rclpy and `osis_ros.inference`. Never torch. The simulated camera also imports `osis_ros.simulation`,
when it runs, the demo and the replay of bags `osis_ros.evaluation`.
"""
