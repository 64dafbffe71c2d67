"""RGB-D frames of a bag: a colour image with the depth image and calibration that belong to it."""

from pathlib import Path

from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CameraInfo

from osis_ros.bags.bag_file import BagError
from osis_ros.bags.header import CAMERA_INFO, IMAGE
from osis_ros.bags.reader import RecordedBag, decoded, shared_parts
from osis_ros.geometry.rgbd_frame import RgbdFrame
from osis_ros.messages.camera import depth_from_message, pinhole_from_message
from osis_ros.messages.image_decoding import rgb_from_message
from osis_ros.messages.stamps import stamp_of

APART = 17_000_000  # ns between colour and depth: half a period at 30 Hz


def frame_of_bag(
    path: Path, seconds: float = 0.0, image_topic: str | None = None, depth_topic: str | None = None
) -> RgbdFrame:
    """The first frame of a bag at so many seconds or later after its first image.

    Args:
        image_topic: of the colour images; needed where there are several.
        depth_topic: of the aligned depth images, not compressed; the one with `depth` in its name that is nearest to
            the colour topic by name when None. Its camera_info is the topic beside it.
    Raises:
        BagError: topics that are not there, or no such frame.
        OsisError: an image or a calibration that cannot be read.
    """
    with RecordedBag(path) as bag:
        colour = bag.image_topic(image_topic)
        depth = _depth_topic(bag, colour) if depth_topic is None else depth_topic
        camera = pinhole_from_message(_calibration(bag, f"{depth.rpartition('/')[0]}/camera_info"))
        start, recent = None, {colour: [], depth: []}
        for raw in bag.read([colour, depth]):
            start = raw.time if start is None else start
            if (raw.time - start) * 1e-9 < seconds - 1e-9 * APART:
                continue
            message, other = decoded(raw), depth if raw.topic == colour else colour
            for partner in recent[other]:
                if abs(stamp_of(message) - stamp_of(partner)) <= APART:
                    image, readings = (message, partner) if raw.topic == colour else (partner, message)
                    name = f"{path.name} at {(raw.time - start) * 1e-9:.2f} s"
                    metres = depth_from_message(readings)
                    return RgbdFrame(name, rgb_from_message(image), metres, camera)
            recent[raw.topic] = [*recent[raw.topic], message][-30:]
    raise BagError(
        f"{path} has no image of {colour} with one of {depth} within {APART / 1e6:.0f} ms from {seconds:g} s on"
    )


def _depth_topic(bag: RecordedBag, colour: str) -> str:
    found = [
        topic.name for topic in bag.topics if topic.type == IMAGE and "depth" in topic.name.lower() and topic.count
    ]
    if not found:
        raise BagError(f"{bag.path} has no topic of depth images (type {IMAGE}, with depth in its name)")
    return max(sorted(found), key=lambda name: ("without" not in name, shared_parts(name, colour)))


def _calibration(bag: RecordedBag, topic: str) -> CameraInfo:
    for head in bag.heads([topic]):
        if head.type == CAMERA_INFO:
            return deserialize_message(head.data, CameraInfo)
    raise BagError(f"{bag.path} has no calibration on {topic}, where that of the depth camera is expected")
