"""A lifecycle node that works on a stream of messages while it is active."""

from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn

from osis_ros.nodes.frame_board import FrameBoard
from osis_ros.nodes.support.lifecycle import SteadyLifecycleNode
from osis_ros.nodes.support.statistics import FrameStatistics


class StreamingNode(SteadyLifecycleNode):
    """Ends the stream at `deactivate`, and lets go of everything at `cleanup`, `shutdown`, an error and its own end.

    A subclass makes things in `on_configure` and `on_activate`, and says here how to end them. Requests that wait for
    frames wait at its `_board`.
    """

    def __init__(self, name: str, **options: object) -> None:
        super().__init__(name, **options)
        self._statistics = FrameStatistics()
        self._board: FrameBoard | None = None

    def _every_statistics(self) -> list[FrameStatistics]:
        """Of all streams of the node."""
        return [self._statistics]

    def end_waits(self) -> None:
        """Answer the requests that wait for frames, because the process is told to stop."""
        board = self._board
        if board is not None:
            board.close()

    def _stop(self) -> None:
        """End the stream: finish the message in work, drop what waits. What `on_configure` made stays."""

    def _release(self) -> None:
        """End the stream, and let go of what `on_configure` made."""

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._stop()
        for statistics in self._every_statistics():
            statistics.restart()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._release()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._release()
        return super().on_shutdown(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """After a transition went wrong half-way: back to unconfigured, with nothing held."""
        self._release()
        for statistics in self._every_statistics():
            statistics.refused(self.transition_error, self.transition_faulty)
        return super().on_error(state)

    def destroy_node(self) -> None:
        self._release()
        super().destroy_node()
