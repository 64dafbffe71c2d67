"""What `osis replay` adds to the model: images per second against the bare Segmenter on the same images, and memory.

    python benchmarks/replay.py [--model tabletop] [--frames 24] [--rounds 3]     # speed
    python benchmarks/replay.py --memory [--frames 10000] [--size 224 224]                      # memory

The bag is made of docs/photographs. For the speed, the Segmenter alone and the replay run in turns, so that other load
slows both; the Segmenter is given decoded images. Time counts from the end of the first image to the end of the last.
The replay has more threads, so on a busy machine it gets more of the processor, and its throughput says little: then
look at the processor time. For the memory, every image has true
masks too, those that the model finds itself, so that all that a replay can keep is kept.
"""

import argparse
import itertools
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from rclpy.qos import QoSProfile
from rclpy.serialization import serialize_message
from rich.console import Console
from std_msgs.msg import Header

from osis_ros.bags import camera_run
from osis_ros.bags import replay as replaying
from osis_ros.bags.writer import BagWriter
from osis_ros.inference.segmenter import Segmenter
from osis_ros.messages.images import image_to_message
from osis_ros.messages.instances import instances_to_message

PICTURE = 5  # images that show one photograph, so that the tracker has something to follow
PHOTOGRAPHS = Path(__file__).parents[1] / "docs" / "photographs"


def pictures(width: int, height: int) -> list[np.ndarray]:
    """RGB images of this size."""
    files = sorted(file for file in PHOTOGRAPHS.iterdir() if file.suffix in (".jpg", ".png"))
    return [cv2.cvtColor(cv2.resize(cv2.imread(str(file)), (width, height)), cv2.COLOR_BGR2RGB) for file in files]


def write_bag(folder: Path, images: list[np.ndarray], frames: int, truth: Segmenter | None) -> None:
    """Image after image at 10 Hz."""
    writer = BagWriter(folder)
    writer.add_topic("/camera/image", "sensor_msgs/msg/Image", QoSProfile(depth=5))
    found = [truth.segment(image) for image in images] if truth else []
    if truth:
        writer.add_topic("/camera/ground_truth", "osis_ros/msg/InstanceArray", QoSProfile(depth=5))
    for number in range(frames):
        header = Header(frame_id="camera")
        header.stamp.sec, header.stamp.nanosec = 1 + number // 10, number % 10 * 100_000_000
        which = number // PICTURE % len(images)
        messages = {"/camera/image": image_to_message(images[which], "rgb8", header)}
        if truth:
            messages["/camera/ground_truth"] = instances_to_message(found[which], header, "truth")
        for topic, message in messages.items():
            writer.write(topic, (10 + number) * 100_000_000, serialize_message(message))
    writer.close()


def speed(options: argparse.Namespace, bag: Path, folder: Path) -> None:
    """Both in turns."""
    images = pictures(*options.size)
    segmenter = Segmenter(options.model, "cpu", threads=options.threads)
    segmenter.segment(images[0])
    ends: list[np.ndarray] = []
    on_finish(lambda: ends.append(now()))
    found: dict[str, list[np.ndarray]] = {"Segmenter": [], "replay": []}
    for _ in range(options.rounds):
        for name, times in found.items():
            ends.clear()
            if name == "replay":
                replaying.replay(replaying.Options(bag, folder, options.model, "cpu"), Console(quiet=True))
            else:
                for number in range(options.frames):
                    segmenter.segment(images[number // PICTURE % len(images)])
                    ends.append(now())
            times.append((ends[-1] - ends[0]) / (options.frames - 1))
        for name, times in found.items():
            wall, processor = times[-1] * 1000
            print(f"{name}: {wall:.0f} ms an image, of the processor {processor:.0f} ms", flush=True)
    for which, words in enumerate(("throughput, replay / Segmenter", "processor time, Segmenter / replay")):
        shares = np.array([one[which] / other[which] for one, other in zip(*found.values(), strict=True)])
        print(f"{words}: median {np.median(shares):.2f}, {shares.min():.2f} to {shares.max():.2f}")


def on_finish(tell: Callable[[], None]) -> None:
    """Call `tell` after each image of a replay."""
    finish = camera_run.CameraRun.finish

    def finish_and_tell(*arguments: object) -> object:
        found = finish(*arguments)
        tell()
        return found

    camera_run.CameraRun.finish = finish_and_tell


def now() -> np.ndarray:
    """Seconds, by the clock and of the processor."""
    return np.array([time.perf_counter(), time.process_time()])


def memory(options: argparse.Namespace, bag: Path, folder: Path) -> None:
    """The process's memory while the images go by, and its peak when the page is written."""
    numbers = itertools.count(1)

    def tell() -> None:
        if (count := next(numbers)) % max(1, options.frames // 10) == 0:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            print(f"after {count:,} images: {pages * resource.getpagesize() / 1e6:.0f} MB", flush=True)

    on_finish(tell)
    replaying.replay(replaying.Options(bag, folder, options.model, "cpu"), Console(quiet=True))
    print(f"most, with the page: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tabletop")
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="of the Segmenter; the replay takes OMP_NUM_THREADS")
    parser.add_argument("--size", type=int, nargs=2, default=(640, 480), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--memory", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        bag = Path(place) / "bag"
        truth = Segmenter(options.model, "cpu") if options.memory else None
        write_bag(bag, pictures(*options.size), options.frames, truth)
        (memory if options.memory else speed)(options, bag, Path(place) / "replayed")


if __name__ == "__main__":
    main()
