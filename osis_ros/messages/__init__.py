"""ROS messages to numpy and back: images, instances, cameras, stamps, colours.

`THING_to_message` makes a message, `THING_from_message` reads one; what does not fit is a `MessageError`, one sentence.

May import message packages and `osis_ros.inference`. Never torch, never a node.
"""
