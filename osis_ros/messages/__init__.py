"""ROS messages to numpy and back: images, instances, cameras, stamps, colours.

`THING_to_message` makes a message, `THING_from_message` reads one; what does not fit is a `MessageError`, one
sentence; a picture that does not is an `ImageError`.

May import message packages, `osis_ros.inference` and `osis_ros.geometry`. Never torch, never a node.
"""
