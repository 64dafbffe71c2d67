"""Which library converts colours."""

import sys
from collections.abc import Callable, Iterator
from types import ModuleType

import numpy as np
import pytest

from osis_ros.messages.colour import colour_converter

BGR = np.array([[[1, 2, 3]]], np.uint8)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    colour_converter.cache_clear()
    yield
    colour_converter.cache_clear()


def install_cv_bridge(monkeypatch: pytest.MonkeyPatch, convert: Callable) -> None:
    """A cv_bridge whose compiled part is this function."""
    compiled = ModuleType("cv_bridge.boost.cv_bridge_boost")
    compiled.cvtColor2 = convert
    for name in ("cv_bridge", "cv_bridge.boost"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, compiled.__name__, compiled)


def built_against_another_numpy(*_: object) -> None:
    raise AttributeError("_ARRAY_API not found")


@pytest.mark.parametrize(
    ("convert", "reason"),
    [
        (built_against_another_numpy, "_ARRAY_API not found"),
        (lambda image, *_: image, "it turned the BGR pixel 1 2 3 into [[[1, 2, 3]]]"),
    ],
)
def test_a_cv_bridge_that_does_not_work_is_passed_over(monkeypatch: pytest.MonkeyPatch, convert: Callable, reason: str):
    pytest.importorskip("rosbags.image", reason="what stands in for cv_bridge comes by pip")
    install_cv_bridge(monkeypatch, convert)
    converter = colour_converter()
    assert converter.name == "rosbags-image"
    assert reason in converter.note
    assert converter.to_rgb(BGR, "bgr8").tolist() == [[[3, 2, 1]]]


def test_a_cv_bridge_that_works_is_used(monkeypatch: pytest.MonkeyPatch):
    install_cv_bridge(monkeypatch, lambda image, source, target: image[:, :, ::-1] if source == "bgr8" else image)
    assert colour_converter().name == "cv_bridge"
    assert colour_converter().to_rgb(BGR, "bgr8").tolist() == [[[3, 2, 1]]]


def test_without_either_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    for name in ("cv_bridge", "cv_bridge.boost", "cv_bridge.boost.cv_bridge_boost", "rosbags.image.image"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match="pip install 'rosbags-image") as caught:
        colour_converter()
    assert "\n" not in str(caught.value)
