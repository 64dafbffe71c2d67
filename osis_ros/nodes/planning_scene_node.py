"""`planning_scene`: a node that keeps the localizer's objects in MoveIt's planning scene.

It only wires: the topics of objects and tracks, MoveIt's two services, a parameter for each rule, and a service.
"""

import threading

from rcl_interfaces.msg import SetParametersResult
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.client import Client
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_msgs.msg import Header
from std_srvs.srv import Trigger

from osis_ros.errors import OsisError
from osis_ros.geometry.collision_scene import CollisionBox, CollisionScene, Hysteresis
from osis_ros.messages.objects import objects_from_message
from osis_ros.messages.stamps import stamp_of
from osis_ros.msg import ObjectArray, Track, TrackArray
from osis_ros.nodes.support import parameters
from osis_ros.nodes.support.faults import told
from osis_ros.nodes.support.newest_frame import NewestFrameWorker
from osis_ros.nodes.support.qos import RESULTS
from osis_ros.nodes.support.running import StartError, run
from osis_ros.nodes.support.unused_parameters import warn_of_unused
from osis_ros.pipeline.setting import NEVER, Setting

try:
    from moveit_msgs.msg import PlanningSceneComponents
    from moveit_msgs.srv import ApplyPlanningScene, GetPlanningScene

    from osis_ros.messages.planning_scene import diff_to_scene, ids_in_scene
except ImportError:
    GetPlanningScene = None

UPDATES = Setting(
    "updates", "continuous", "When MoveIt is told of changes: always, or only when `~/sync` asks for it.",
    choices=("continuous", "on_request"),
)  # fmt: skip
PADDING = Setting("padding", 0.0, "Metres to add on each side of a box.", NEVER, low=0.0, high=0.5)
KEEP = Setting(
    "keep", 5.0, "Seconds for which an object stays that is not seen and not known to be hidden.", NEVER,
    low=0.0, high=3600.0,
)  # fmt: skip
SHIFT = Setting("least_shift", 0.005, "Metres by which an object must have moved.", NEVER, low=0.0, high=1.0)
TURN = Setting("least_turn", 0.05, "Radians by which an object must have turned.", NEVER, low=0.0, high=3.2)
GROWTH = Setting("least_growth", 0.01, "Metres by which a side must have changed.", NEVER, low=0.0, high=1.0)
SETTINGS = (UPDATES, PADDING, KEEP, SHIFT, TURN, GROWTH)
PREFIX = "osis_"  # of the ids in MoveIt; whatever else is in its scene is not ours
PATIENCE = 5.0  # s for MoveIt to answer


class PlanningSceneError(OsisError):
    """MoveIt could not be told; the message is one sentence for the user."""


class PlanningSceneNode(Node):
    """Tells MoveIt of new, moved and vanished objects, a diff at a time, each confirmed before the next one."""

    def __init__(self, **options: object) -> None:
        """
        Args:
            options: of rclpy's Node: namespace, parameter_overrides, context …
        Raises:
            StartError: moveit_msgs is not installed.
            rclpy.exceptions.ParameterException: a parameter's start-up value is refused.
        """
        if GetPlanningScene is None:
            raise StartError("this node needs moveit_msgs: sudo apt install ros-$ROS_DISTRO-moveit-msgs")
        super().__init__("planning_scene", **options)
        parameters.declare(self, SETTINGS)
        warn_of_unused(self)
        self.add_on_set_parameters_callback(self._on_set_parameters)
        self._objects, self._exchange = threading.Lock(), threading.Lock()
        self._frame, self._now, self._scene = "", 0.0, self._empty_scene()
        answers, asked = MutuallyExclusiveCallbackGroup(), MutuallyExclusiveCallbackGroup()
        self._get = self.create_client(GetPlanningScene, "get_planning_scene", callback_group=answers)
        self._apply = self.create_client(ApplyPlanningScene, "apply_planning_scene", callback_group=answers)
        self._worker = NewestFrameWorker(self._tell, lambda _: None, "planning_scene")
        self.create_subscription(ObjectArray, "localizer/objects", self._on_objects, RESULTS)
        self.create_subscription(TrackArray, "localizer/tracks", self._on_tracks, RESULTS)
        self.create_service(Trigger, "~/sync", self._on_sync, callback_group=asked)

    def _empty_scene(self) -> CollisionScene:
        values = self._values
        return CollisionScene(values[KEEP.name], Hysteresis(*(values[s.name] for s in (SHIFT, TURN, GROWTH))))

    def _on_objects(self, message: ObjectArray) -> None:
        if message.problem:  # of a frame that could not be placed nothing follows
            return
        try:
            boxes = self._boxes(message)
        except OsisError as err:
            told(self.get_logger(), "objects skipped", err)
            return
        if message.objects and not boxes:
            self.get_logger().warning(
                "the objects have no track_id, so MoveIt is not told of them: set tracking.in_space of the localizer",
                throttle_duration_sec=10.0,
            )
        now = stamp_of(message) * 1e-9
        with self._objects:
            if message.header.frame_id != self._frame or now < self._now - self._values[KEEP.name]:
                self._frame, self._scene = message.header.frame_id, self._empty_scene()
            self._now = now
            self._scene.see(boxes, now)
        self._tell_if_changed()

    def _boxes(self, message: ObjectArray) -> dict[str, CollisionBox]:
        objects = objects_from_message(message)
        return {
            f"{PREFIX}{one.track_id}": CollisionBox(objects.box(row), one.class_name)
            for row, one in enumerate(message.objects) if one.track_id
        }  # fmt: skip

    def _on_tracks(self, message: TrackArray) -> None:
        def ids(state: int) -> list[str]:
            return [f"{PREFIX}{track.id}" for track in message.tracks if track.state == state]

        with self._objects:
            self._scene.hidden(ids(Track.OCCLUDED), stamp_of(message) * 1e-9)
            self._scene.gone(ids(Track.GONE))
        self._tell_if_changed()

    def _tell_if_changed(self) -> None:
        with self._objects:
            changed = bool(self._scene.diff(self._now))
        if changed and self._values[UPDATES.name] == "continuous":
            self._worker.put(None)

    def _tell(self, _: object) -> None:
        try:
            self._update()
        except Exception as err:
            if self.context.ok():
                told(self.get_logger(), "MoveIt not told", err)

    def _on_sync(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        try:
            response.message, response.success = self._update(), True
        except Exception as err:
            response.message, _ = told(self.get_logger(), "request refused", err)
        return response

    def _update(self) -> str:
        """Bring MoveIt's scene up to date; what was done, in one sentence.

        Raises:
            PlanningSceneError: MoveIt does not answer, or refuses the diff.
        """
        with self._exchange:
            wanted = PlanningSceneComponents.WORLD_OBJECT_NAMES | PlanningSceneComponents.ROBOT_STATE_ATTACHED_OBJECTS
            question = GetPlanningScene.Request(components=PlanningSceneComponents(components=wanted))
            world, attached = ids_in_scene(self._answer(self._get, question).scene)
            with self._objects:
                scene, now, header = self._scene, self._now, Header(frame_id=self._frame)
                scene.planner_has((id_ for id_ in world if id_.startswith(PREFIX)), attached, now)
                diff = scene.diff(now)
            if diff:
                request = ApplyPlanningScene.Request(scene=diff_to_scene(diff, header, self._values[PADDING.name]))
                if not self._answer(self._apply, request).success:
                    raise PlanningSceneError(f"MoveIt refused the objects; does it know the frame {header.frame_id}?")
                with self._objects:
                    scene.applied(diff)
            return f"{len(diff.add)} added, {len(diff.move)} moved, {len(diff.remove)} removed"

    def _answer(self, client: Client, request: object) -> object:
        """What a service answers.

        Raises:
            PlanningSceneError: it is not there, or takes too long.
        """
        name = self.resolve_service_name(client.srv_name)
        if not client.service_is_ready():
            raise PlanningSceneError(f"there is no service {name}: is move_group running?")
        done = threading.Event()
        future = client.call_async(request)
        future.add_done_callback(lambda _: done.set())
        if not done.wait(PATIENCE):
            client.remove_pending_request(future)
            raise PlanningSceneError(f"{name} did not answer within {PATIENCE:g} s")
        return future.result()

    def _on_set_parameters(self, changed: list[Parameter]) -> SetParametersResult:
        reason = parameters.refusal(changed, SETTINGS, "", {})
        return SetParametersResult(successful=reason is None, reason=reason or "")

    @property
    def _values(self) -> dict[str, object]:
        return parameters.values(self, SETTINGS)

    def destroy_node(self) -> None:
        self._worker.stop()
        super().destroy_node()


def main() -> None:
    """`ros2 run osis_ros planning_scene`."""
    run(PlanningSceneNode)


if __name__ == "__main__":
    main()
