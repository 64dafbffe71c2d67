"""ROS messages to numpy and back: images, instances, cameras, stamps, colours.

May import message packages and `osis_ros.inference`. Never torch, never a node.
"""
