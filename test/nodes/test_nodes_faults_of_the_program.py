"""What no user can mend is told apart: with its traceback in the log, and as an error in the diagnostics."""

import pytest
from bench import Bench, eventually, picture, rgb_message, status
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

from osis_ros.inference.segmenter import Segmenter
from osis_ros.srv import Segment

RED = picture((16, 8, 96, 48, (255, 0, 0)))


def faulty(*_: object, **__: object) -> None:
    return len(None)


@pytest.mark.parametrize("asked_by", ["topic", "service"])
def test_a_fault_of_the_program_is_an_error_with_a_traceback(
    bench: Bench, colour_cells, errors: list[str], asked_by: str, monkeypatch: pytest.MonkeyPatch
):
    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    publish = bench.camera()
    bench.active(colour_cells)
    monkeypatch.setattr(Segmenter, "segment", faulty)
    sentence = "fault of the program, TypeError: object of type 'NoneType' has no len()"
    if asked_by == "topic":
        publish(rgb_message(RED, bench.stamped()))
    else:
        answer = bench.call(Segment, "segment", Segment.Request(image=rgb_message(RED, bench.stamped())))
        assert (answer.success, answer.message) == (False, sentence)
    eventually(lambda: errors, "an error logged")
    what, _, traceback = errors[0].partition("\n")
    assert what == {"topic": "image skipped: ", "service": "request refused: "}[asked_by] + sentence
    assert traceback.startswith("Traceback (most recent call last):")
    assert "return len(None)" in traceback
    told = eventually(lambda: (s := status(diagnostics, bench)) and s.level == DiagnosticStatus.ERROR and s, "an error")
    assert told.message == f"the last image or request failed: {sentence}"
    monkeypatch.undo()
    assert bench.call(Segment, "segment", Segment.Request(image=rgb_message(RED, bench.stamped()))).success
    eventually(lambda: status(diagnostics, bench).level == DiagnosticStatus.OK, "all well again")
