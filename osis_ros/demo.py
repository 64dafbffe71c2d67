"""The demo: starts a simulated camera and the segmenter as processes, records every topic and scores the results."""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

import cv2
import numpy as np
import rclpy
from ament_index_python.packages import get_package_share_directory
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rosbags.rosbag2 import WriterError
from sensor_msgs.msg import Image

from osis_ros.bags.recorder import BagRecorder
from osis_ros.errors import OsisError
from osis_ros.evaluation.metrics.referee import Referee, Verdict
from osis_ros.files.atomic import write_whole
from osis_ros.files.result_folder import Mark, RunFolderError, make_way
from osis_ros.inference.bundle import BundleError, load_bundle
from osis_ros.messages.image_decoding import rgb_from_message
from osis_ros.messages.instances import instances_from_message
from osis_ros.messages.stamps import stamp_of
from osis_ros.msg import InstanceArray
from osis_ros.nodes.support.node_process import NodeProcess, NodeProcessError, heed_interrupts
from osis_ros.srv import Segment

COLOR, TRUTH = "/camera/color/image_raw", "/camera/ground_truth"
INSTANCES, OVERLAY = "/segmenter/instances", "/segmenter/overlay"
ABOUT = "about.txt"
MARK = Mark(ABOUT, "Left by `osis demo`")
OWN_FILES = ("metadata.yaml", "overlay.png", "camera.log", "segmenter.log", ABOUT)
CONTENTS = """overlay.png: camera and answer side by side
{bag}.mcap, metadata.yaml: a bag of every topic
camera.log, segmenter.log: what the two nodes said
"""

TABLES = ("-p", "objects:=12", "-p", "scene_seconds:=3.0")  # cluttered, and often another one
TIMEOUT = 120.0  # s for whatever is waited for; starting on a busy machine takes the longest
LAST_ANSWER = 3.0  # s that the last frame may take, once the camera is off
SHARED = 1.5  # times the latency with the camera off, above which the machine and not the model sets the pace
REQUESTS = 5  # images segmented with the camera off; the first of them finds the processor's caches cold


class DemoError(OsisError):
    """The demo cannot go on; the message is for the user."""


class Outcome(NamedTuple):
    """What came of a demo: the scores, and the seconds that the segmenter takes for an image with the camera off."""

    verdict: Verdict
    alone: float


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
        return _Demo(folder, console).run(str(bundle.path), frames, rate)
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
    """One run: the two processes and the node that listens to them."""

    def __init__(self, folder: Path, console: Console) -> None:
        self._folder, self._console = folder, console
        self._node = Node("referee")
        self._recorder = BagRecorder(self._node, folder)
        write_whole(folder / ABOUT, f"{MARK.text}, which may replace this folder.\n{CONTENTS.format(bag=folder.name)}")
        self._referee = Referee()
        self._processes: list[NodeProcess] = []
        self._camera_image: dict[int, Image] = {}
        self._picture: tuple[Image, Image] | None = None
        self._recorder.listen(COLOR, self._on_color)
        self._recorder.listen(TRUTH, self._on_truth)
        self._recorder.listen(INSTANCES, self._on_instances)
        self._recorder.listen(OVERLAY, self._on_overlay)
        self._last_answer = ""
        self._interrupted = False
        # Raised between two messages, not within rclpy. A terminal that is closed reaches this process alone.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def run(self, model: str, frames: int, rate: float) -> Outcome:
        try:
            segmenter = self._start("segmenter", "osis_ros.nodes.segmenter_node",
                                    ["-r", f"image:={COLOR}", "-p", f"model:={model}"])  # fmt: skip
            camera = self._start("camera", "osis_ros.nodes.sim_camera", ["-p", f"rate:={rate}", *TABLES])
            self._console.print(f"segmenter: loads {model}")
            self._change_state(Transition.TRANSITION_CONFIGURE, "configure")
            self._console.print("camera: renders the first table")
            self._spin_until(lambda: self._referee.frames, f"no image came on {COLOR}")
            self._change_state(Transition.TRANSITION_ACTIVATE, "activate")
            self._spin_until(lambda: self._referee.counted, f"images come on {COLOR}, but no instances on {INSTANCES}")
            self._watch(frames)
            camera.stop()
            self._processes.remove(camera)
            self._settle()
            alone = self._time_alone()
            segmenter.stop()
        finally:
            self._end()
        return Outcome(self._close(), alone)

    def _start(self, name: str, module: str, arguments: list[str]) -> NodeProcess:
        process = NodeProcess(name, module, arguments, self._folder / f"{name}.log")
        self._processes.append(process)
        return process

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
        client = self._node.create_client(ChangeState, "/segmenter/change_state")
        self._spin_until(client.service_is_ready, "the segmenter did not start")
        future = client.call_async(ChangeState.Request(transition=Transition(id=transition)))
        self._spin_until(future.done, f"the segmenter did not {name}")
        if not future.result().success:
            raise DemoError(f"the segmenter refused to {name}; {self._folder / 'segmenter.log'} says why")
        self._node.destroy_client(client)

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
        while time.monotonic() < end and max(self._referee.frames) not in self._referee.answers:
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

    def _end(self) -> None:
        """Stop what still runs after a failure, and finish the bag; after a success only the latter is left to do."""
        for process in reversed(self._processes):
            with contextlib.suppress(NodeProcessError):
                process.stop()
        self._recorder.close()
        self._node.destroy_node()

    def _close(self) -> Verdict:
        if self._picture is None:
            raise DemoError(f"no picture came on {OVERLAY}; {self._folder / 'segmenter.log'} may say why")
        _write_side_by_side(self._folder / "overlay.png", *self._picture)
        return self._referee.verdict()

    def _on_signal(self, *_: object) -> None:
        self._interrupted = True

    def _on_color(self, message: Image, _: int) -> None:
        self._referee.saw_frame(stamp_of(message))
        self._camera_image = dict([*self._camera_image.items(), (stamp_of(message), message)][-20:])

    def _on_truth(self, message: InstanceArray, _: int) -> None:
        self._referee.saw_truth(stamp_of(message), instances_from_message(message))

    def _on_instances(self, message: InstanceArray, arrival: int) -> None:
        found = instances_from_message(message)
        self._referee.saw_answer(stamp_of(message), found, arrival)
        unknown = int(found.unknown.sum())
        delay = 1000 * self._referee.latencies[stamp_of(message)]
        self._last_answer = f"{len(found) - unknown} known, {unknown} unknown, {delay:.0f} ms"

    def _on_overlay(self, message: Image, _: int) -> None:
        camera_image = self._camera_image.get(stamp_of(message))
        if camera_image is not None:
            self._picture = camera_image, message


def _write_side_by_side(path: Path, *pictures: Image) -> None:
    rgb = np.concatenate([rgb_from_message(picture) for picture in pictures], axis=1)
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
    rows = {
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
    for measure, value in rows.items():
        table.add_row(measure, value)
    return table
