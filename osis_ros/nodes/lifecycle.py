"""A lifecycle node that lives on when it is asked for what its state does not allow."""

from lifecycle_msgs.srv import ChangeState
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import LifecycleNode


class SteadyLifecycleNode(LifecycleNode):
    """rclpy's lifecycle node raises out of the executor, and so ends the process, when a client asks for a transition
    that the present state does not have. This one answers that it did not succeed, and says why in the log."""

    def __init__(self, name: str, **options: object) -> None:
        super().__init__(name, **options)
        self._change_state = self._service_change_state.callback
        self._service_change_state.callback = self._change_state_or_refuse

    @property
    def state(self) -> str:
        """The lifecycle state's label: unconfigured, inactive, active, finalized, or a transition's."""
        return self._state_machine.current_state[1]

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
