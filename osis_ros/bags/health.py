"""The health of a recorded bag: what its headers say, without decoding a picture."""

import contextlib
from collections.abc import Mapping

from rclpy.serialization import deserialize_message
from rosbags.interfaces import QosDurability, QosReliability
from sensor_msgs.msg import CameraInfo, RegionOfInterest

from osis_ros.bags.bag_file import Head, Topic
from osis_ros.bags.header import CAMERA_INFO, COMPRESSED_IMAGE, IMAGE, STAMPED, message_header
from osis_ros.bags.reader import NO_PHOTOGRAPHS, RecordedBag, shared_parts
from osis_ros.evaluation.metrics.recording_health import (
    ERROR,
    LEVELS,
    NOTE,
    WARNING,
    BagHealth,
    Finding,
    StampedTopic,
    TopicHealth,
    content_findings,
    pairing_finding,
    timing,
    timing_findings,
)
from osis_ros.geometry.depth import METRES, MILLIMETRES
from osis_ros.messages.image_decoding import LAYOUTS

DEPTH_ENCODINGS = (METRES[0], MILLIMETRES[0])
COMPRESSED_DEPTH = "compressedDepth"
CALIBRATION = ("height", "width", "distortion_model", "d", "k", "r", "p", "binning_x", "binning_y", "roi")
TRANSFORMS = "tf2_msgs/msg/TFMessage"


def check_bag(recorded: RecordedBag) -> BagHealth:
    """Read the headers of a bag's images, depth images, calibrations and instances, and say what is wrong.

    Takes seconds for gigabytes: of a picture only its first bytes are read, where the file's form allows it.
    """
    names = sorted({topic.name for topic in recorded.topics if topic.type in STAMPED})
    topics: dict[str, StampedTopic] = {}
    calibrations: dict[str, _Calibrations] = {}
    for head in recorded.heads(names):
        if head.type not in STAMPED:
            continue
        topic = topics.setdefault(head.topic, StampedTopic(head.topic, head.type))
        _note(topic, head)
        if head.type == CAMERA_INFO:
            calibrations.setdefault(head.topic, _Calibrations()).saw(head)
    timings = {name: timing(topic) for name, topic in sorted(topics.items())}
    findings = [Finding(ERROR, "", loss) for loss in recorded.losses]
    for topic in recorded.topics:
        findings += _of_recording(topic)
    for name, found in timings.items():
        if len(topics[name]):
            findings += timing_findings(name, found)
        raw = topics[name].type == IMAGE and _is_photograph(topics[name])
        findings += content_findings(topics[name], LAYOUTS if raw else None)
    for name, calibration in sorted(calibrations.items()):
        findings += calibration.findings(name)
    for topic in topics.values():
        if _is_photograph(topic):
            findings += _of_camera(topic, topics)
    checked = [
        TopicHealth(name, topics[name].type, found, sorted(topics[name].encodings), sorted(topics[name].sizes))
        for name, found in timings.items()
    ]
    once = dict.fromkeys(findings)
    return BagHealth(checked, sorted(once, key=lambda finding: LEVELS.index(finding.level)))


def _note(topic: StampedTopic, head: Head) -> None:
    header = message_header(head.data, head.type)
    if header is None:
        topic.unreadable += 1
        return
    topic.add(head.time, header.stamp)
    topic.frames[header.frame_id] += 1
    if header.encoding:
        topic.encodings[header.encoding] += 1
    if header.height:
        topic.sizes[header.width, header.height] += 1


class _Calibrations:
    """The different calibrations that a CameraInfo topic had."""

    def __init__(self) -> None:
        self._first: dict[tuple, int] = {}  # calibration → time of its first message, ns
        self._read: dict[bytes, tuple] = {}

    def saw(self, head: Head) -> None:
        header = message_header(head.data, head.type)
        if header is None or head.size > len(head.data):
            return
        key = header.rest  # bytes that align its fields may differ, so the same calibration may have several
        if key not in self._read:
            with contextlib.suppress(Exception):  # half a message: rclpy has no error of its own for it
                info = deserialize_message(head.data, CameraInfo)
                self._read[key] = tuple((name, _plain(getattr(info, name))) for name in CALIBRATION)
        if (calibration := self._read.get(key)) is not None:
            self._first[calibration] = min(head.time, self._first.get(calibration, head.time))

    def findings(self, topic: str) -> list[Finding]:
        findings = []
        if any(dict(calibration)["k"][0] == 0 for calibration in self._first):
            findings.append(
                Finding(ERROR, topic, "the calibration is empty (k[0] is 0), so nothing has a place in space")
            )
        if len(self._first) > 1:
            (_, old), (time, new), *_ = sorted((time, calibration) for calibration, time in self._first.items())
            changed = ", ".join(name for name, value in new if dict(old)[name] != value)
            findings.append(Finding(WARNING, topic, f"the calibration changes: {len(self._first)} different ones; "
                                                    f"{changed} at {time * 1e-9:.3f} s"))  # fmt: skip
        return findings


def _plain(value: object) -> object:
    if isinstance(value, RegionOfInterest):
        return (value.x_offset, value.y_offset, value.width, value.height)
    return value if isinstance(value, str | int) else tuple(float(number) for number in value)


def _of_recording(topic: Topic) -> list[Finding]:
    """What a topic without messages, or the QoS of its publishers, lets one fear."""
    if topic.type not in (*STAMPED, TRANSFORMS):
        return []
    if not topic.count:
        return [Finding(WARNING, topic.name, "no message was recorded: nobody published, or the recorder's QoS did not "
                                             "fit")]  # fmt: skip
    findings = []
    if topic.type != TRANSFORMS and any(qos.reliability == QosReliability.BEST_EFFORT for qos in topic.qos):
        findings.append(Finding(NOTE, topic.name, "was published best effort: messages may be lost on the way to "
                                                  "the recorder"))  # fmt: skip
    if topic.name.endswith("/tf_static") and any(q.durability == QosDurability.VOLATILE for q in topic.qos):
        findings.append(Finding(WARNING, topic.name, "was published as volatile, expected transient local: who starts "
                                                     "late never gets it"))  # fmt: skip
    return findings


def _of_camera(image: StampedTopic, topics: Mapping[str, StampedTopic]) -> list[Finding]:
    """Whether a camera has its calibration and its depth."""
    stem = image.name.removesuffix("/compressed")
    info = topics.get(f"{stem.rpartition('/')[0]}/camera_info")
    findings = []
    if info is None:
        findings.append(Finding(NOTE, image.name, "has no camera_info beside it, so nothing has a place in space"))
    elif image.sizes and info.sizes and not image.sizes.keys() & info.sizes.keys():
        (size,), (expected,) = ([f"{w}x{h}" for w, h in list(sizes)[:1]] for sizes in (info.sizes, image.sizes))
        findings.append(Finding(WARNING, info.name, f"is of {size} pixels, the images of {expected}"))
    depths = [topic for topic in topics.values() if _is_depth(topic) and len(topic)]
    if not depths:
        return [
            *findings,
            Finding(NOTE, image.name, "has no depth images beside it, so nothing has a place in space"),
        ]
    nearest = max(depths, key=lambda depth: shared_parts(depth.name, image.name))
    pairing = pairing_finding(image, nearest)
    return findings if pairing is None else [*findings, pairing]


def _is_depth(topic: StampedTopic) -> bool:
    if topic.type == COMPRESSED_IMAGE:
        return any(COMPRESSED_DEPTH in encoding for encoding in topic.encodings)
    if topic.type != IMAGE or any(word in topic.name.lower() for word in NO_PHOTOGRAPHS if word != "depth"):
        return False
    return any(encoding in DEPTH_ENCODINGS for encoding in topic.encodings)


def _is_photograph(topic: StampedTopic) -> bool:
    return topic.type in (IMAGE, COMPRESSED_IMAGE) and not any(word in topic.name.lower() for word in NO_PHOTOGRAPHS)
