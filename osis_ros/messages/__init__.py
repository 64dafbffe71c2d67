"""ROS messages to numpy and back: images, instances, cameras, stamps, colours.

`THING_to_message` makes a message, `THING_from_message` reads one. A message that cannot be used raises `MessageError`,
an image that cannot be decoded raises `ImageError`.

May import message packages, `osis_ros.inference` and `osis_ros.geometry`. Never torch, never a node.
"""
