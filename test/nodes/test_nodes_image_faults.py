"""Every encoding, and everything that can be wrong with an image, over real DDS."""

import numpy as np
import pytest
from bench import Bench, eventually, picture, rgb_message, status, value
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from encodings_of import COLOUR, GREY, WIDE, encoded
from sensor_msgs.msg import CompressedImage, Image

from osis_ros.messages.images import byte_array
from osis_ros.msg import InstanceArray

RED = picture((16, 8, 96, 48, (255, 0, 0)))
WHITE = picture((16, 8, 96, 48, (255, 255, 255)))


def test_every_encoding_with_padded_rows_and_both_byte_orders_gives_the_same_mask(bench: Bench, colour_cells):
    heard = bench.listen(InstanceArray, "segmenter/instances")
    publish = bench.camera()
    bench.active(colour_cells)
    bench.matched("segmenter/instances")
    cases = [(name, padding, False) for name in (*COLOUR, *GREY) for padding in (0, 10)]
    cases += [(name, 2, True) for name in WIDE]
    for number, (encoding, padding, big_endian) in enumerate(cases, 1):
        rgb = WHITE if encoding in GREY else RED
        publish(encoded(rgb, encoding, bench.stamped(number), padding, big_endian))
        heard.wait(number)
    for number, (case, result) in enumerate(zip(cases, heard, strict=True), 1):
        assert result.header.stamp.sec == number, case
        (found,) = result.instances
        # a white thing is as near to red as to green and blue, but not near: cos = 1/√3, so it is unknown
        assert found.class_name == ("unknown" if case[0] in GREY else "red"), case
        mask = np.frombuffer(found.mask, np.uint8).reshape(112, 112) > 0
        # demosaicing and halved colour blur the rectangle's rim
        rim = 2 * (80 + 40) if "bayer" in case[0] else 4
        truth = np.zeros((112, 112), bool)
        truth[8:48, 16:96] = True
        assert (mask != truth).sum() <= rim, case


def faults() -> list[tuple[Image, str]]:
    def wrong(**fields: object) -> Image:
        message = encoded(RED, "rgb8")
        for name, content in fields.items():
            setattr(message, name, content)
        return message

    return [
        (wrong(encoding="polar"), "encoding 'polar' is not supported"),
        (wrong(data=b""), "data holds 0 bytes, expected 150528"),
        (wrong(height=225), "data holds 150528 bytes, expected 151200"),
        (wrong(step=10), "step is 10, expected at least 672 bytes"),
        (wrong(width=0), "image is 0x224"),
        (wrong(width=4_000_000_000), "image is 4000000000x224"),
    ]


def test_a_bad_image_is_counted_reported_and_skipped(bench: Bench, colour_cells):
    heard = bench.listen(InstanceArray, "segmenter/instances")
    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    publish = bench.camera()
    bench.active(colour_cells)
    bench.matched("segmenter/instances")
    bad = faults()
    for number, (message, sentence) in enumerate(bad, 1):
        publish(message)
        eventually(
            lambda number=number: (now := status(diagnostics, bench)) and value(now, "images failed") == str(number),
            f"failure {number} in the diagnostics",
        )
        now = status(diagnostics, bench)
        assert now.level == DiagnosticStatus.WARN
        assert sentence in now.message
        assert sentence in value(now, "last error")
    assert not heard

    publish(rgb_message(RED, bench.stamped(99)))
    (result,) = heard.wait()
    assert result.header.stamp.sec == 99
    eventually(lambda: value(status(diagnostics, bench), "images processed") == "1", "the good image counted")
    assert status(diagnostics, bench).level == DiagnosticStatus.OK
    assert value(status(diagnostics, bench), "images received") == str(len(bad) + 1)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8 half a picture", b"junk"])
def test_a_bad_compressed_image_is_counted_and_skipped(bench: Bench, colour_cells, data: bytes):
    heard = bench.listen(InstanceArray, "segmenter/instances")
    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    publish = bench.camera(CompressedImage)
    bench.active(colour_cells, image_transport="compressed")
    publish(CompressedImage(format="jpeg", data=byte_array(data)))
    eventually(
        lambda: (now := status(diagnostics, bench)) and value(now, "images failed") == "1", "the failure counted"
    )
    assert bench.state() == "active"
    assert not heard


def test_a_stamp_before_1970_has_no_age_and_stops_nothing(bench: Bench, colour_cells):
    heard = bench.listen(InstanceArray, "segmenter/instances")
    publish = bench.camera()
    bench.active(colour_cells)
    bench.matched("segmenter/instances")
    publish(rgb_message(RED, bench.stamped(-7)))
    (first,) = heard.wait()
    assert first.header.stamp.sec == -7
    publish(rgb_message(RED, bench.stamped(99)))
    assert heard.wait(2)[1].header.stamp.sec == 99
