"""A lifecycle node that survives invalid transition requests and reports failed transitions."""

import traceback
from collections.abc import Callable

from lifecycle_msgs.srv import ChangeState
from rclpy.clock import Clock, ClockType
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from osis_ros.errors import OsisError
from osis_ros.pipeline.setting import NEVER, Setting

AUTOSTART = Setting("autostart", False, "Configure and activate the node at its start.", NEVER)
Transition = Callable[[LifecycleState], TransitionCallbackReturn]


class SteadyLifecycleNode(LifecycleNode):
    """Differs from rclpy's own lifecycle node in three ways:

    - A request for a transition that the present state does not have is answered with "no success". In rclpy it raises
      an exception in the executor, which ends the process.
    - An exception in a transition is logged and kept in `transition_error`. rclpy drops it silently. In both, it counts
      as ERROR, and `on_error` follows.
    - `bring_up` configures and activates the node without a client, so that a restarted node becomes active again.
    """

    transition_error = ""
    transition_faulty = False  # whether it was a fault of the program, which no user can mend

    def __init__(self, name: str, **options: object) -> None:
        super().__init__(name, **options)
        self._change_state = self._service_change_state.callback
        self._service_change_state.callback = self._change_state_or_refuse
        self._callbacks = {state: self._logged(callback) for state, callback in self._callbacks.items()}

    @property
    def state(self) -> str:
        """The lifecycle state's label: unconfigured, inactive, active, finalized, or a transition's."""
        return self._state_machine.current_state[1]

    def bring_up(self) -> None:
        """Configure and activate, unless somebody else has begun to. To be called where transitions are: by a callback
        of the node's default group."""
        if self.state == "unconfigured" and self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
            self.trigger_activate()

    def bring_up_soon(self) -> None:
        """`bring_up`, as soon as the node spins."""
        self._start = self.create_timer(0.0, self._on_start, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _on_start(self) -> None:
        self._start.cancel()
        self.bring_up()

    def _change_state_or_refuse(
        self, request: ChangeState.Request, response: ChangeState.Response
    ) -> ChangeState.Response:
        try:
            return self._change_state(request, response)
        except rclpy_implementation.RCLError:
            wanted = request.transition.label or request.transition.id
            self.get_logger().error(f"transition '{wanted}' is not possible in state '{self.state}'")
            response.success = False
            return response

    def _logged(self, callback: Transition) -> Transition:
        def run(previous: LifecycleState) -> TransitionCallbackReturn:
            try:
                return callback(previous)
            except Exception as err:
                self.transition_faulty = not isinstance(err, OsisError)
                kind = f"{type(err).__name__}: " if self.transition_faulty else ""
                self.transition_error = f"{self.state} failed: {kind}{err}"
                where = f"\n{traceback.format_exc()}" if self.transition_faulty else ""
                self.get_logger().error(self.transition_error + where)
                raise

        return run
