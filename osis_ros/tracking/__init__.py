"""`Instances` over time: which object of this image is which of the images before.

May import numpy, scipy, `osis_ros.instances` and `osis_ros.geometry`. Never torch, never rclpy. Times are seconds of
the images' stamps. Frames are never counted, because a robot's camera may send two images a second or thirty.
"""
