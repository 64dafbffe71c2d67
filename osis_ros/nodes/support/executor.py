"""A multi-threaded executor for nodes that create and destroy topics while they run."""

from rclpy.executors import MultiThreadedExecutor, TimeoutObject
from rclpy.impl.implementation_singleton import rclpy_implementation


class SteadyExecutor(MultiThreadedExecutor):
    """rclpy's own executor has a race: a callback in one thread destroys a topic (a lifecycle transition does) while
    another thread makes the list of entities to wait for. `spin` then raises `InvalidHandle`, which ends the process.
    This executor makes the list again, without the destroyed topic."""

    def spin_once(self, timeout_sec: float | TimeoutObject | None = None) -> None:
        try:
            super().spin_once(timeout_sec)
        except rclpy_implementation.InvalidHandle:
            self._cb_iter = None

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        """Wait for the callbacks in work, and stop. Not to be called while another thread spins."""
        self._executor.shutdown(wait=True)  # first, for they still use what the executor then destroys
        return super().shutdown(timeout_sec)
