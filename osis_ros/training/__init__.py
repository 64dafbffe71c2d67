"""PyTorch: the network, its losses, data, fit, export and checkpoint import.

May import torch, torchvision, lightning. Never rclpy.
"""
