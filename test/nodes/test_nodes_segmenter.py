"""Image in, instances out, over real DDS."""

import numpy as np
from bench import Bench, picture, rgb_message
from sensor_msgs.msg import Image

from osis_ros.msg import InstanceArray
from osis_ros.nodes.instance_messages import mask_of
from osis_ros.srv import Segment

RED_AND_YELLOW = picture(
    (16, 8, 96, 48, (255, 0, 0)), (120, 120, 200, 160, (0, 0, 204)), (120, 160, 200, 200, (204, 0, 0))
)


def test_masks_come_out_under_the_images_own_stamp_and_frame(bench: Bench, colour_cells):
    heard = bench.listen(InstanceArray, "segmenter/instances")
    publish = bench.camera()
    bench.active(colour_cells)
    bench.matched("segmenter/instances")
    publish(rgb_message(RED_AND_YELLOW, bench.stamped(12, 345, "camera_optical_frame")))
    (result,) = heard.wait()

    assert (result.header.stamp.sec, result.header.stamp.nanosec) == (12, 345)
    assert result.header.frame_id == "camera_optical_frame"
    assert (result.height, result.width, result.model) == (224, 224, "colour_cells")
    red, purple = result.instances
    assert (red.id, red.class_id, red.class_name, red.unknown, red.score) == (1, 0, "red", False, 1.0)
    assert red.distance == 0
    roi = red.roi
    assert (roi.x_offset, roi.y_offset, roi.width, roi.height) == (0, 0, 112, 112)
    # The rectangle without its four corner pixels, which bilinear resampling rounds off.
    expected = np.zeros((112, 112), bool)
    expected[8:48, 16:96] = True
    expected[[8, 8, 47, 47], [16, 95, 16, 95]] = False
    np.testing.assert_array_equal(mask_of(red), expected)
    assert set(red.mask) == {0, 255}
    assert (purple.id, purple.class_id, purple.class_name, purple.unknown) == (2, 3, "unknown", True)
    assert abs(purple.score - 0.8) < 1e-6
    assert abs(purple.distance - (1 - 0.5**0.5)) < 1e-6
    assert not len(red.embedding)
