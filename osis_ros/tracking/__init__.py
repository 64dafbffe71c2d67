"""`Instances` over time: which object of this image is which of the images before.

May import numpy, `osis_ros.geometry` and mask NMS of `osis_ros.inference`. Never torch, never rclpy. Times are
seconds of the images' stamps. Frames are never counted, because a camera may send two images a second or thirty.
"""
