"""A multi-threaded executor for nodes that create and destroy topics while they run."""

from rclpy.executors import MultiThreadedExecutor, TimeoutObject
from rclpy.impl.implementation_singleton import rclpy_implementation


class SteadyExecutor(MultiThreadedExecutor):
    """rclpy's own loses a race: a callback in one thread destroys a topic (a lifecycle transition does) while another
    thread is making the list of what to wait for. It then raises `InvalidHandle` out of `spin`, which ends the process.
    What was destroyed needs no waiting for, so here the list is made anew."""

    def spin_once(self, timeout_sec: float | TimeoutObject | None = None) -> None:
        try:
            super().spin_once(timeout_sec)
        except rclpy_implementation.InvalidHandle:
            self._cb_iter = None

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        """Wait for the callbacks in work, and stop. Not to be called while another thread spins."""
        self._executor.shutdown(wait=True)  # first, for they still use what the executor then destroys
        return super().shutdown(timeout_sec)
