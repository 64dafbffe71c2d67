"""What every node needs: lifecycle, executor, parameters, quality of service, diagnostics, statistics, processes.

May import rclpy. Never torch, never a node.
"""
