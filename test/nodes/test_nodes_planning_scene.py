"""`planning_scene` over real DDS, with a peer that answers MoveIt's two services by the rules of its planning scene."""

import numpy as np
import pytest
from bench import Bench, eventually
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.parameter import Parameter
from std_msgs.msg import Header
from std_srvs.srv import Trigger

from osis_ros.messages.poses import pose_of, vector_to_message
from osis_ros.msg import Object3D, ObjectArray, Track, TrackArray
from osis_ros.nodes import planning_scene_node
from osis_ros.nodes.planning_scene_node import PlanningSceneNode
from osis_ros.nodes.support.qos import RESULTS

moveit = pytest.importorskip("moveit_msgs.msg")
services = pytest.importorskip("moveit_msgs.srv")
Collision = moveit.CollisionObject


class Planner:
    """What MoveIt does with a diff: ADD replaces, MOVE and REMOVE want an object that is there."""

    def __init__(self, bench: Bench) -> None:
        self.world: dict[str, object] = {"table": Collision(id="table")}
        self.attached: set[str] = set()
        self.diffs, self.refuses = [], False
        group = ReentrantCallbackGroup()
        for kind, name, answer in ((services.GetPlanningScene, "get_planning_scene", self.on_get),
                                   (services.ApplyPlanningScene, "apply_planning_scene", self.on_apply)):  # fmt: skip
            bench.peer.create_service(kind, f"{bench.namespace}/{name}", answer, callback_group=group)

    def on_get(self, _: object, response: object) -> object:
        response.scene.world.collision_objects = [Collision(id=id_) for id_ in self.world]
        response.scene.robot_state.attached_collision_objects = [
            moveit.AttachedCollisionObject(object=Collision(id=id_)) for id_ in self.attached]  # fmt: skip
        return response

    def on_apply(self, request: object, response: object) -> object:
        if self.refuses:
            return response
        assert request.scene.is_diff
        assert request.scene.robot_state.is_diff
        for item in request.scene.world.collision_objects:
            if item.operation == Collision.ADD:
                self.world[item.id] = item
            elif item.operation == Collision.MOVE:
                self.world[item.id].pose = item.pose
            else:
                del self.world[item.id]
        self.diffs.append({item.id: item.operation for item in request.scene.world.collision_objects})
        response.success = True
        return response


class Robot:
    """A localizer's topics, the node under test, and the planner that it tells."""

    def __init__(self, bench: Bench, **values: object) -> None:
        self.bench, self.planner = bench, Planner(bench)
        overrides = [Parameter(name, value=value) for name, value in values.items()]
        self.node = bench.add(
            PlanningSceneNode(namespace=bench.namespace, context=bench.context, parameter_overrides=overrides)
        )
        bench.owner = "planning_scene"
        self.objects = bench.peer.create_publisher(ObjectArray, "localizer/objects", RESULTS)
        self.tracks = bench.peer.create_publisher(TrackArray, "localizer/tracks", RESULTS)
        for publisher in (self.objects, self.tracks):
            eventually(publisher.get_subscription_count, "the node listens")

    def shows(self, seconds: int, problem: str = "", frame: str = "base_link", **things: tuple[float, float]) -> None:
        """Boxes of 0.2 × 0.1 × 0.06 m at these places; `_7` is the object with track 7."""
        found = [
            Object3D(
                id=row, class_name="mug", track_id=int(name[1:]),
                box_pose=pose_of(np.array([*place, 0.03]), np.eye(3)), box_size=vector_to_message([0.2, 0.1, 0.06]),
            )
            for row, (name, place) in enumerate(things.items(), 1)
        ]  # fmt: skip
        self.objects.publish(ObjectArray(header=self._header(seconds, frame), objects=found, problem=problem))

    def tells(self, seconds: int, **states: int) -> None:
        tracks = [Track(id=int(name[1:]), state=state) for name, state in states.items()]
        self.tracks.publish(TrackArray(header=self._header(seconds, "base_link"), tracks=tracks))

    @staticmethod
    def _header(seconds: int, frame: str) -> Header:
        header = Header(frame_id=frame)
        header.stamp.sec = seconds
        return header

    def sync(self) -> tuple[bool, str]:
        answer = self.bench.call(Trigger, "sync", Trigger.Request())
        return answer.success, answer.message

    def told(self, number: int) -> dict[str, bytes]:
        """The diff of this number, counted from 1."""
        eventually(lambda: len(self.planner.diffs) >= number, f"{number} diffs")
        return self.planner.diffs[number - 1]


def test_moveit_is_told_of_what_comes_moves_and_is_gone(bench: Bench):
    robot = Robot(bench, padding=0.01)
    robot.shows(10, _3=(0.4, 0.1), _7=(0.5, -0.2))
    assert robot.told(1) == {"osis_3": Collision.ADD, "osis_7": Collision.ADD}
    item = robot.planner.world["osis_7"]
    assert (item.header.frame_id, item.type.key, item.pose.position.x) == ("base_link", "mug", 0.5)
    assert list(item.primitives[0].dimensions) == pytest.approx([0.22, 0.12, 0.08])
    robot.shows(11, _3=(0.402, 0.1), _7=(0.6, -0.2))
    assert robot.told(2) == {"osis_7": Collision.MOVE}
    robot.tells(12, _7=Track.GONE)
    robot.shows(12, _3=(0.4, 0.1))
    assert robot.told(3) == {"osis_7": Collision.REMOVE}
    assert robot.planner.world.keys() == {"table", "osis_3"}


def test_what_is_hidden_stays_what_is_lost_goes_and_a_frame_without_depth_says_nothing(bench: Bench):
    robot = Robot(bench, keep=2.0)
    robot.shows(10, _1=(0.4, 0.1), _2=(0.4, 0.4))
    robot.told(1)
    robot.tells(13, _1=Track.OCCLUDED, _2=Track.LOST)
    eventually(lambda: robot.node._scene._objects["osis_1"].seen == 13, "the tracks are heard")
    robot.shows(13, problem="no depth image has come")
    robot.shows(13)
    assert robot.told(2) == {"osis_2": Collision.REMOVE}


def test_an_attached_object_is_left_alone(bench: Bench):
    robot = Robot(bench)
    robot.shows(10, _1=(0.4, 0.1))
    robot.told(1)
    del robot.planner.world["osis_1"]
    robot.planner.attached = {"osis_1"}
    robot.shows(11, _1=(0.7, 0.1), _2=(0.4, 0.4))
    assert robot.told(2) == {"osis_2": Collision.ADD}
    assert robot.planner.world.keys() == {"table", "osis_2"}


def test_on_request_nothing_is_told_before_sync(bench: Bench):
    robot = Robot(bench, updates="on_request")
    robot.planner.world["osis_99"] = Collision(id="osis_99")  # of an earlier run
    robot.shows(10, _1=(0.4, 0.1))
    eventually(lambda: robot.node._now == 10, "the objects are heard")
    assert robot.planner.diffs == []
    assert robot.sync() == (True, "1 added, 0 moved, 1 removed")
    assert robot.sync() == (True, "0 added, 0 moved, 0 removed")
    assert len(robot.planner.diffs) == 1


def test_a_refusal_is_one_sentence_and_the_diff_comes_again(bench: Bench):
    robot = Robot(bench, updates="on_request")
    robot.planner.refuses = True
    robot.shows(10, frame="nowhere", _1=(0.4, 0.1))
    eventually(lambda: robot.node._now == 10, "the objects are heard")
    assert robot.sync() == (False, "MoveIt refused the objects; does it know the frame nowhere?")
    robot.planner.refuses = False
    assert robot.sync() == (True, "1 added, 0 moved, 0 removed")


def test_without_moveit_running_sync_says_so(bench: Bench):
    bench.owner = "planning_scene"
    bench.add(PlanningSceneNode(namespace=bench.namespace, context=bench.context))
    answer = bench.call(Trigger, "sync", Trigger.Request())
    told = f"there is no service {bench.namespace}/get_planning_scene: is move_group running?"
    assert (answer.success, answer.message) == (False, told)


def test_without_moveit_msgs_the_node_says_what_to_install(bench: Bench, monkeypatch):
    monkeypatch.setattr(planning_scene_node, "GetPlanningScene", None)
    with pytest.raises(planning_scene_node.StartError, match="needs moveit_msgs: sudo apt install"):
        PlanningSceneNode(namespace=bench.namespace, context=bench.context)
