"""The processing stages of an image. They are the same for the node's topic, its service and the replay of a bag.

A stage is one file and one entry of `pipeline.STAGES`. May import numpy, `osis_ros.inference` and the libraries of
later stages. Never rclpy, never torch.
"""
