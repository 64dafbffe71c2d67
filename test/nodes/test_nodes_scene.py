"""A model that labels every pixel, in the node, over real DDS."""

import numpy as np
from bench import Bench, rgb_message
from pixel_colours import pixel_colours
from sensor_msgs.msg import Image

from osis_ros.messages.images import image_from_message
from osis_ros.messages.instances import mask_from_message
from osis_ros.msg import InstanceArray, TrackArray


def test_classes_and_unknown_groups_come_out_as_instances_that_share_no_pixel(bench: Bench, tmp_path):
    types = {"instances": InstanceArray, "label_image": Image, "tracks": TrackArray}
    heard = {topic: bench.listen(kind, f"segmenter/{topic}") for topic, kind in types.items()}
    publish = bench.camera()
    bench.active(pixel_colours(tmp_path / "pixels").path)
    for topic in types:
        bench.matched(f"segmenter/{topic}")
    rgb = np.zeros((96, 128, 3), np.uint8)
    rgb[8:24, 16:48] = rgb[64:80, 16:48] = (255, 0, 0)  # two mugs, which are one instance
    rgb[40:56] = (0, 0, 255)  # a band across both groups
    for second in (1, 2):
        publish(rgb_message(rgb, bench.stamped(second)))
        heard["instances"].wait(second)
    first, again = heard["instances"]

    assert [(i.class_name, i.unknown) for i in first.instances] == [
        ("mug", False), ("unknown", True), ("unknown", True), ("table", False),
    ]  # fmt: skip
    assert [int(mask_from_message(i).sum()) for i in first.instances] == [1024, 1024, 1024, 96 * 128 - 3072]
    labels = image_from_message(heard["label_image"].wait(1)[0])
    assert [int(labels[y, x]) for y, x in ((8, 16), (79, 47), (48, 0), (48, 127), (0, 0))] == [1, 1, 2, 3, 4]
    # Seen twice, each is a track of its own, by its place alone: there are no embeddings.
    assert sorted(i.track_id for i in again.instances) == [1, 2, 3, 4]
    assert not any(len(i.embedding) for i in again.instances)
    assert len(heard["tracks"].wait(2)[1].tracks) == 4
