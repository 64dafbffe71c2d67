"""The demo: a simulated camera, the segmenter and the localizer as processes; records and scores what they publish."""

import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import cv2
import numpy as np
import rclpy
from ament_index_python.packages import get_package_share_directory
from builtin_interfaces.msg import Time
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rosbags.rosbag2 import WriterError
from sensor_msgs.msg import CameraInfo, Image

from osis_ros.bags.recorder import BagRecorder
from osis_ros.errors import OsisError
from osis_ros.evaluation.metrics.naming import NameScore, instance_of_object, score_name
from osis_ros.evaluation.metrics.referee import Referee, Verdict
from osis_ros.evaluation.metrics.space_referee import SpaceReferee, SpaceVerdict
from osis_ros.files.atomic import write_whole
from osis_ros.files.result_folder import Mark, RunFolderError, make_way
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.geometry.wireframe import draw_boxes
from osis_ros.inference.bundle import BundleError, load_bundle
from osis_ros.inference.overlay import UNKNOWN_COLOUR, class_colour
from osis_ros.instances import Instances
from osis_ros.messages.camera import pinhole_from_message
from osis_ros.messages.image_decoding import rgb_from_message
from osis_ros.messages.instances import instances_from_message
from osis_ros.messages.objects import objects_from_message
from osis_ros.messages.stamps import stamp_of
from osis_ros.msg import InstanceArray, ObjectArray
from osis_ros.nodes.support.node_process import NodeProcess, NodeProcessError, heed_interrupts
from osis_ros.srv import Segment, Teach

CAMERA, LOCALIZER = "osis_ros.nodes.sim_camera", "osis_ros.nodes.localizer_node"
COLOR, TRUTH = "/camera/color/image_raw", "/camera/ground_truth"
INSTANCES, OVERLAY = "/segmenter/instances", "/segmenter/overlay"
DEPTH, DEPTH_INFO, TRUE_OBJECTS = "/camera/depth/image_raw", "/camera/depth/camera_info", "/camera/ground_truth_objects"
OBJECTS = "/localizer/objects"
PLACING = {"image": COLOR, "depth": DEPTH, "depth_camera_info": DEPTH_INFO, "instances": INSTANCES}
OFF = ("publish.points", "publish.depth_without_objects", "publish.grasps")  # outputs that would only fill the bag


ABOUT = "about.txt"
MARK = Mark(ABOUT, "Left by `osis demo`")
LOGS = ("camera.log", "first_table.log", "second_table.log", "segmenter.log", "localizer.log")
OWN_FILES = ("metadata.yaml", "overlay.png", *LOGS, ABOUT)
CONTENTS = """overlay.png: camera and answer with boxes in space, side by side;
    below, an object is taught, and looked for in another place
{bag}.mcap, metadata.yaml: a bag of every topic
*.log: what the nodes said
"""


class Lesson(NamedTuple):
    """An unknown object: the name that it is taught, the seed of its table, and its track in the truth."""

    name: str
    seed: int
    track: int


TABLES = ("-p", "objects:=12", "-p", "scene_seconds:=3.0")  # cluttered, and often another one
SAME_TABLE = ("-p", "rate:=2.0", "-p", "objects:=8", "-p", "scene_seconds:=1e6")
TAUGHT = Lesson(name="my light bulb", seed=3, track=5)
VIEWS, LOOKS = 8, 8  # images from which the object is taught, and in which it is looked for after that
TIMEOUT = 120.0  # s for whatever is waited for; starting on a busy machine takes the longest
LAST_ANSWER = 3.0  # s that the last frame may take, once the camera is off
SHARED = 1.5  # times the latency with the camera off, above which the machine and not the model sets the pace
LONGEST = 20_000_000_000  # ns that the parts of a frame may be apart
LATEST = 100  # objects and calibrations that are kept for the picture
REQUESTS = 5  # images segmented with the camera off; the first of them finds the processor's caches cold


class DemoError(OsisError):
    """The demo cannot go on; the message is for the user."""


class Recognition(NamedTuple):
    """What the segmenter answered to ~/teach, and how it found the object again; None where it was not taught."""

    answer: str
    score: NameScore | None


class Outcome(NamedTuple):
    """What came of a demo.

    Attributes:
        verdict: the scores.
        space: the scores of the boxes in space.
        alone: seconds that the segmenter takes for an image with the camera off.
        recognition: of the object that was taught.
    """

    verdict: Verdict
    space: SpaceVerdict
    alone: float
    recognition: Recognition


def run_demo(folder: Path, model: str, frames: int, rate: float, console: Console) -> Outcome:
    """Show `frames` camera frames to the segmenter; leave overlay.png and a bag of every topic in `folder`.

    Args:
        folder: replaced if it is an earlier demo's. The bag is `FOLDER/FOLDER.mcap`.
        model: a bundle's folder, or the name of one that came with the package.
        frames: of the camera.
        rate: camera frames a second.
    Raises:
        DemoError: a model, a folder or a node that fails, or nothing comes of a camera or segmenter.
    """
    try:
        bundle = load_bundle(model)
    except BundleError as err:
        raise DemoError(err) from None
    heed_interrupts()
    try:
        make_way(folder, (*OWN_FILES, f"{folder.name}.mcap"), MARK, "demo")
        _prepare_middleware(console)
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)  # Ctrl-C shall end the other processes first
        with tempfile.TemporaryDirectory() as gallery:
            return _Demo(folder, console).run(str(bundle.path), frames, rate, gallery)
    except (NodeProcessError, RunFolderError) as err:
        raise DemoError(err) from None
    except (OSError, WriterError) as err:
        raise DemoError(f"cannot write to {folder}: {getattr(err, 'strerror', None) or err}") from None
    finally:
        rclpy.try_shutdown()


def _prepare_middleware(console: Console) -> None:
    """What this process and the nodes inherit: the demo stays on this machine, off the domain of whatever else runs
    on it, be it the shell's own, and has room for images."""
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    os.environ.pop("ROS_STATIC_PEERS", None)  # other machines that the shell's nodes talk to
    own = 1 + os.getpid() % 100
    if str(own) == os.environ.get("ROS_DOMAIN_ID"):  # where a robot may listen, which simulated images are not for
        own = 1 + own % 100
    os.environ["ROS_DOMAIN_ID"] = str(own)
    profile = Path(get_package_share_directory("osis_ros")) / "config" / "fastdds.xml"
    os.environ.setdefault("FASTRTPS_DEFAULT_PROFILES_FILE", str(profile))
    console.print(f"ROS_DOMAIN_ID {os.environ['ROS_DOMAIN_ID']}: ros2 and rviz2 see the demo with the same one")


class _Demo:
    """One run: the processes and the node that listens to them."""

    def __init__(self, folder: Path, console: Console) -> None:
        self._folder, self._console = folder, console
        self._node = Node("referee")
        self._recorder = BagRecorder(self._node, folder)
        write_whole(folder / ABOUT, f"{MARK.text}, which may replace this folder.\n{CONTENTS.format(bag=folder.name)}")
        self._referee, self._space = Referee(), SpaceReferee()
        self._cameras: dict[int, Pinhole] = {}  # by stamp, as the objects
        self._objects: dict[int, ObjectArray] = {}
        self._truth: dict[int, Instances] = {}  # by stamp
        self._found: dict[int, Instances] = {}
        self._processes: list[NodeProcess] = []
        self._camera_image: dict[int, Image] = {}
        self._picture: tuple[Image, Image] | None = None
        self._pictures: list[np.ndarray] = []
        self._recorder.listen(COLOR, self._on_color)
        self._recorder.listen(TRUTH, self._on_truth)
        self._recorder.listen(INSTANCES, self._on_instances)
        self._recorder.listen(OVERLAY, self._on_overlay)
        self._recorder.listen(DEPTH_INFO, self._on_info)
        self._recorder.listen(TRUE_OBJECTS, self._on_true_objects)
        self._recorder.listen(OBJECTS, self._on_objects)
        self._last_answer = ""
        self._interrupted = False
        # Raised between two messages, not within rclpy. A terminal that is closed reaches this process alone.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def run(self, model: str, frames: int, rate: float, gallery: str) -> Outcome:
        try:
            segmenter = self._start("segmenter", "osis_ros.nodes.segmenter_node", ["-r", f"image:={COLOR}",
                                    "-p", f"model:={model}", "-p", f"teaching.gallery:={gallery}"])  # fmt: skip
            topics = [argument for pair in PLACING.items() for argument in ("-r", ":=".join(pair))]
            off = [argument for name in OFF for argument in ("-p", f"{name}:=false")]
            localizer = self._start("localizer", LOCALIZER, ["-p", "autostart:=true", *topics, *off])
            camera = self._start("camera", CAMERA, ["-p", f"rate:={rate}", *TABLES])
            self._console.print(f"segmenter: loads {model}")
            self._change_state(Transition.TRANSITION_CONFIGURE, "configure")
            self._console.print("camera: renders the first table")
            self._spin_until(lambda: self._referee.frames, f"no image came on {COLOR}")
            self._change_state(Transition.TRANSITION_ACTIVATE, "activate")
            self._spin_until(lambda: self._referee.counted, f"images come on {COLOR}, but no instances on {INSTANCES}")
            self._watch(frames)
            self._stop(camera)
            self._settle()
            alone = self._time_alone()
            verdict, space = self._referee.verdict(), self._space.verdict()
            self._keep_picture(2)
            recognition = self._teach_and_find(TAUGHT)
            segmenter.stop()
            localizer.stop()
        finally:
            self._end()
        _write_tiled(self._folder / "overlay.png", self._pictures)
        return Outcome(verdict, space, alone, recognition)

    def _start(self, name: str, module: str, arguments: list[str]) -> NodeProcess:
        process = NodeProcess(name, module, arguments, self._folder / f"{name}.log")
        self._processes.append(process)
        return process

    def _stop(self, process: NodeProcess) -> None:
        process.stop()
        self._processes.remove(process)

    def _spin_until(self, done: Callable[[], object], complaint: str) -> None:
        """Listen until something is so.

        Raises:
            DemoError: it is not within TIMEOUT; the message begins with the complaint.
            NodeProcessError: a process ended meanwhile.
        """
        end = time.monotonic() + TIMEOUT
        while not done():
            if self._interrupted:
                raise KeyboardInterrupt
            for process in self._processes:
                process.check()
            if time.monotonic() > end:
                raise DemoError(f"{complaint} within {TIMEOUT:.0f} s; {self._folder}/*.log may say why")
            rclpy.spin_once(self._node, timeout_sec=0.1)

    def _change_state(self, transition: int, name: str) -> None:
        request = ChangeState.Request(transition=Transition(id=transition))
        if not self._call(ChangeState, "/segmenter/change_state", request).success:
            raise DemoError(f"the segmenter refused to {name}; {self._folder / 'segmenter.log'} says why")

    def _watch(self, frames: int) -> None:
        """Show progress until the camera has sent its frames: in place on a terminal, else now and then a line."""
        columns = (TextColumn("camera"), BarColumn(), TextColumn("{task.completed}/{task.total} frames"),
                   TimeElapsedColumn(), TextColumn("{task.fields[answer]}"))  # fmt: skip
        with Progress(*columns, console=self._console, disable=not self._console.is_terminal) as progress:
            task = progress.add_task("", total=frames, answer="")
            seen = shown = 0
            while seen < frames:
                self._spin_until(lambda seen=seen: len(self._referee.counted) > seen, f"no further image on {COLOR}")
                seen = len(self._referee.counted)
                progress.update(task, completed=seen, answer=self._last_answer)
                if not self._console.is_terminal and seen >= shown + frames / 5:
                    shown = seen
                    self._console.print(f"camera: {seen}/{frames} frames; newest answer: {self._last_answer}")

    def _settle(self) -> None:
        """Take in what is still on its way."""
        end = time.monotonic() + LAST_ANSWER
        while time.monotonic() < end and max(self._referee.frames) not in self._referee.answered:
            rclpy.spin_once(self._node, timeout_sec=0.1)

    def _time_alone(self) -> float:
        """Seconds from a request to its answer, the median of some, now that no camera needs the processor."""
        client = self._node.create_client(Segment, "/segmenter/segment")
        image = self._camera_image[max(self._camera_image)]
        self._spin_until(client.service_is_ready, "the segmenter offers no service")
        seconds = []
        for _ in range(REQUESTS):
            start = time.monotonic()
            future = client.call_async(Segment.Request(image=image))
            self._spin_until(future.done, "the segmenter did not answer a request")
            seconds.append(time.monotonic() - start)
        self._node.destroy_client(client)
        return median(seconds[1:])

    def _teach_and_find(self, lesson: Lesson) -> Recognition:
        """Teach an object on one table, and look for it on another one, where the same objects lie elsewhere."""
        camera = self._show("first_table", lesson, lesson.seed)
        answer = self._teach(lesson)
        self._see(2)  # the second one of them was segmented after the answer
        self._keep_picture()
        self._stop(camera)
        self._console.print(f"taught: {answer.message}")
        if not answer.success:
            return Recognition(answer.message, None)
        camera = self._show("second_table", lesson, lesson.seed + 1)
        self._see(LOOKS)
        self._stop(camera)
        self._keep_picture()
        pairs = [(self._truth[stamp], self._found[stamp]) for stamp in sorted(self._truth.keys() & self._found.keys())]
        return Recognition(answer.message, score_name(lesson.name, lesson.track, pairs))

    def _show(self, name: str, lesson: Lesson, seed: int) -> NodeProcess:
        """A camera that circles a table with the objects of the lesson, whose images alone count from now on."""
        self._referee, self._picture, self._truth, self._found = Referee(), None, {}, {}
        self._console.print(f"camera: renders the {name.replace('_', ' ')} of the lesson")
        own = ("-p", f"seed:={seed}", "-p", f"objects_seed:={lesson.seed}")
        camera = self._start(name, CAMERA, ["-r", "__node:=camera", *own, *SAME_TABLE])
        self._see(1)
        return camera

    def _see(self, count: int) -> None:
        """Wait for so many further answers and their pictures."""
        wanted = len(self._referee.counted & self._referee.answered.keys()) + count
        self._spin_until(lambda: len(self._referee.counted & self._referee.answered.keys()) >= wanted and self._picture,
                         f"no further instances came on {INSTANCES}")  # fmt: skip

    def _teach(self, lesson: Lesson) -> Teach.Response:
        """The answer to ~/teach; where the model does not find the object in a few images, one that says so."""
        for _ in range(VIEWS):
            stamp = max(self._truth.keys() & self._found.keys(), default=None)
            truth, found = self._truth.get(stamp), self._found.get(stamp)
            index = None if stamp is None else instance_of_object(truth, found, lesson.track)
            if index is not None:
                break
            self._see(1)
        else:
            return Teach.Response(message=f"the model does not find what shall be called '{lesson.name}'")
        request = Teach.Request(name=lesson.name, instance_id=int(found.ids[index]), stamp=_time(stamp), views=VIEWS)
        return self._call(Teach, "/segmenter/teach", request)

    def _call(self, kind: type, service: str, request: object) -> object:
        client = self._node.create_client(kind, service)
        self._spin_until(client.service_is_ready, f"there is no service {service}")
        future = client.call_async(request)
        self._spin_until(future.done, f"{service} did not answer")
        self._node.destroy_client(client)
        return future.result()

    def _keep_picture(self, count: int = 1) -> None:
        """Keep the newest image and its overlay, or the overlay alone, with the boxes of its objects."""
        if self._picture is None:
            raise DemoError(f"no picture came on {OVERLAY}; {self._folder / 'segmenter.log'} may say why")
        camera_image, overlay = self._picture
        end = time.monotonic() + LAST_ANSWER
        while time.monotonic() < end and stamp_of(overlay) not in self._objects:
            rclpy.spin_once(self._node, timeout_sec=0.1)
        self._pictures += [rgb_from_message(camera_image), self._with_boxes(overlay)][-count:]

    def _with_boxes(self, overlay: Image) -> np.ndarray:
        rgb, stamp = rgb_from_message(overlay), stamp_of(overlay)
        message, camera = self._objects.get(stamp), self._cameras.get(stamp)
        if message is None or camera is None:
            return rgb
        objects = objects_from_message(message)
        colours = [UNKNOWN_COLOUR if one.unknown else class_colour(one.class_id) for one in message.objects]
        return draw_boxes(rgb, [objects.box(row) for row in range(len(objects))], camera, colours)

    def _end(self) -> None:
        """Stop what still runs after a failure, and finish the bag; after a success only the latter is left to do."""
        for process in reversed(self._processes):
            with contextlib.suppress(NodeProcessError):
                process.stop()
        self._recorder.close()
        self._node.destroy_node()

    def _on_signal(self, *_: object) -> None:
        self._interrupted = True

    def _on_color(self, message: Image, _: int) -> None:
        self._referee.saw_frame(stamp_of(message))
        self._camera_image = dict([*self._camera_image.items(), (stamp_of(message), message)][-20:])

    def _on_truth(self, message: InstanceArray, _: int) -> None:
        self._truth[stamp_of(message)] = truth = instances_from_message(message)
        self._referee.saw_truth(stamp_of(message), truth)
        self._space.saw(stamp_of(message), true_masks=truth)

    def _on_instances(self, message: InstanceArray, arrival: int) -> None:
        self._found[stamp_of(message)] = found = instances_from_message(message)
        self._referee.saw_answer(stamp_of(message), found, arrival)
        self._space.saw(stamp_of(message), masks=found)
        self._space.forget(stamp_of(message) - LONGEST)
        unknown = int(found.unknown.sum())
        delay = 1000 * self._referee.latencies[stamp_of(message)]
        self._last_answer = f"{len(found) - unknown} known, {unknown} unknown, {delay:.0f} ms"

    def _on_overlay(self, message: Image, _: int) -> None:
        camera_image = self._camera_image.get(stamp_of(message))
        if camera_image is not None:
            self._picture = camera_image, message

    def _on_info(self, message: CameraInfo, _: int) -> None:
        self._cameras = dict([*self._cameras.items(), (stamp_of(message), pinhole_from_message(message))][-LATEST:])

    def _on_true_objects(self, message: ObjectArray, _: int) -> None:
        self._space.saw(stamp_of(message), true_objects=objects_from_message(message))

    def _on_objects(self, message: ObjectArray, _: int) -> None:
        self._objects = dict([*self._objects.items(), (stamp_of(message), message)][-LATEST:])
        self._space.saw(stamp_of(message), objects=objects_from_message(message))


def _time(stamp: int) -> Time:
    return Time(sec=stamp // 1_000_000_000, nanosec=stamp % 1_000_000_000)


def _write_tiled(path: Path, pictures: Sequence[np.ndarray]) -> None:
    """Two in a row; in the place of one that is missing it is black."""
    tiles = list(pictures)
    tiles += [np.zeros_like(tiles[0])] * (len(tiles) % 2)
    rgb = np.vstack([np.hstack(tiles[i : i + 2]) for i in range(0, len(tiles), 2)])
    png = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 9])[1]
    path.write_bytes(png)  # cv2.imwrite is silent about a full disk


def verdict_table(outcome: Outcome) -> Table:
    """The closing table."""
    verdict = outcome.verdict

    def percent(value: float) -> str:
        return f"{value:.1f}" if value >= 0 else "not defined"

    caption = "AP and AR: instances above the score threshold"
    if verdict.latency_p50 > SHARED * outcome.alone:
        caption += (
            f"\nLatency: camera and segmenter share the {len(os.sched_getaffinity(0))} cores of this machine; with the "
            "camera off the segmenter is faster"
        )
    table = Table("measure", "value", title="segmenter against the simulator's truth", caption=caption)
    rows = (
        {
            "camera frames": str(verdict.frames_in),
            "processed": str(verdict.processed),
            "dropped (a newer one had come)": str(verdict.dropped),
            "latency p50, stamp to instances": f"{1000 * verdict.latency_p50:.0f} ms",
            "latency p95": f"{1000 * verdict.latency_p95:.0f} ms",
            "request to answer, camera off": f"{1000 * outcome.alone:.0f} ms",
            "known instances a frame": f"{verdict.known_per_frame:.1f}",
            "unknown instances a frame": f"{verdict.unknown_per_frame:.1f}",
            "frames judged": str(verdict.judged),
            "AP of known classes (AP_k)": percent(verdict.ap_known),
            "AP of unknown objects (AP_unk)": percent(verdict.ap_unknown),
            "AR of unknown objects (AR_unk, 100)": percent(verdict.ar_unknown),
        }
        | _space_rows(outcome.space)
        | _recognition_rows(outcome.recognition)
    )
    for measure, value in rows.items():
        table.add_row(measure, value)
    return table


def _space_rows(space: SpaceVerdict) -> dict[str, str]:
    """Of boxes in space, from perfect depth."""
    rows = {"found objects with a box in space": f"{space.placed} of {space.found}, in {space.frames} frames"}
    if space.placed:
        rows |= {
            "box centre error, median (p90)": f"{1000 * space.centre_median:.0f} ({1000 * space.centre_p90:.0f}) mm",
            "box IoU in space, median": f"{space.iou_median:.2f}",
            "boxes with an IoU above 0.5": f"{100 * space.good:.0f} %",
        }
    return rows


def _recognition_rows(recognition: Recognition) -> dict[str, str]:
    if recognition.score is None:
        return {f"'{TAUGHT.name}' taught": f"no: {recognition.answer}"}
    score = recognition.score
    return {
        f"'{TAUGHT.name}' taught": recognition.answer.partition("; ")[0].partition("taught ")[2],
        "objects moved; frames that show it": str(score.visible),
        "it is found, and has its name": f"{score.found}, {score.named}",
        "others with its name": str(score.false_names),
    }
