"""Guesses in a stream: when the image model looks, and what is refused."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from colour_cells import write_colour_names
from mean_colour import BLUE, GREEN, names_file, plain_image_model

from osis_ros.errors import OsisError
from osis_ros.pipeline.frame import Frame
from osis_ros.pipeline.pipeline import SETTINGS, Pipeline
from osis_ros.pipeline.setting import values_of
from osis_ros.words.embedding_map import EmbeddingMap, write_map
from osis_ros.words.guess import GuessRules

CYAN, SAND = (0, 250, 250), (200, 200, 0)


def scene(*colours: tuple[int, int, int]) -> np.ndarray:
    """Red, known, in the first quarter, and others in the next ones."""
    rgb = np.zeros((224, 224, 3), np.uint8)
    for number, colour in enumerate(((255, 0, 0), *colours)):
        x, y = 112 * (number % 2) + 16, 112 * (number // 2) + 16
        rgb[y : y + 80, x : x + 80] = colour
    return rgb


@pytest.fixture
def names(tmp_path: Path) -> Path:
    return names_file(tmp_path / "names.npz", sea=(GREEN + BLUE) / 2**0.5, red=np.eye(3)[0], sand=np.array([1, 1, 0]))


@pytest.fixture
def image_model(tmp_path: Path) -> Path:
    return plain_image_model(tmp_path / "tower.onnx")


def values(**given: object) -> dict[str, object]:
    given = {name.replace("__", "."): str(value) if isinstance(value, Path) else value for name, value in given.items()}
    return values_of(SETTINGS, provider="cpu", threads=1, **given)


def shown(pipeline: Pipeline, given: dict, second: float, rgb: np.ndarray, in_stream: bool = True) -> dict[str, float]:
    """The guesses, with their scores, of the unknown instances; known ones must have none."""
    sec, nanosec = divmod(round(1e9 * second), 1_000_000_000)
    header = SimpleNamespace(stamp=SimpleNamespace(sec=sec, nanosec=nanosec))
    found = pipeline(Frame(rgb=rgb, header=header, in_stream=in_stream), given).instances
    assert set(found.guesses[~found.unknown].tolist()) <= {""}
    assert found.unknown.any()
    return dict(zip(found.guesses[found.unknown].tolist(), found.guess_scores[found.unknown].tolist(), strict=True))


def counted(pipeline: Pipeline) -> list[int]:
    """How many objects each look has seen, from now on."""
    guesser, looks = pipeline.guess.guesser, []
    see = guesser.look
    guesser.look = lambda rgb, found: (looks.append(len(found)), see(rgb, found))[1]
    return looks


def test_an_image_model_looks_at_each_track_once_and_at_single_images_at_once(colour_cells, names, image_model):
    given = values(model=colour_cells, names=names, guess__image_model=image_model)
    pipeline = Pipeline(given).another()
    looks = counted(pipeline)
    two = scene(CYAN, SAND)
    assert shown(pipeline, given, 10.0, two) == {"": 0}  # they have no track yet
    assert looks == []
    first = shown(pipeline, given, 10.5, two)
    assert set(first) == {"sea", "sand"}
    assert min(first.values()) > 0.9
    assert shown(pipeline, given, 11.0, two) == first
    assert looks == [2]
    assert set(shown(pipeline, given, 0, two, in_stream=False)) == {"sea", "sand"}
    assert looks == [2, 2]
    assert set(shown(pipeline, given, 11.5, scene(CYAN, SAND, CYAN))) == {"sea", "sand", ""}  # the third is new
    assert looks == [2, 2]


def test_without_tracks_every_image_is_looked_at(colour_cells, names, image_model):
    given = values(model=colour_cells, names=names, guess__image_model=image_model, tracking__enabled=False)
    pipeline = Pipeline(given)
    assert [set(shown(pipeline, given, second, scene(CYAN))) for second in (1.0, 2.0)] == [{"sea"}] * 2


def test_by_a_map_the_mean_of_a_tracks_views_counts(colour_cells, names, tmp_path):
    from osis_ros.inference.bundle import load_bundle

    sha256 = load_bundle(colour_cells).manifest.sha256
    rules = GuessRules(threshold=0.9, margin=1.0, penalty=0.0)
    write_map(tmp_path / "map.npz", EmbeddingMap(np.eye(3), np.zeros(3), (), sha256, "", rules))
    given = values(model=colour_cells, names=names, guess__map=tmp_path / "map.npz")
    pipeline = Pipeline(given)
    assert [set(shown(pipeline, given, second, scene(CYAN))) for second in (10.0, 10.5, 11.0)] == [{"sea"}] * 3
    # Now it looks less like the sea: its own cosine is 0.87, that of the mean of all views more.
    dull = scene((150, 200, 200))
    assert set(shown(pipeline, given, 0, dull, in_stream=False)) == {""}
    assert set(shown(pipeline, given, 11.5, dull)) == {"sea"}


def test_negatives_and_thresholds_are_settings(colour_cells, names, image_model):
    for more, expected in [({}, "sea"), ({"guess__negatives": ["sea"]}, ""), ({"guess__threshold": 1.0}, ""),
                           ({"guess__margin": 1000.0, "guess__threshold": 0.5}, "sea")]:  # fmt: skip
        given = values(model=colour_cells, names=names, guess__image_model=image_model, **more)
        assert set(shown(Pipeline(given), given, 0, scene(CYAN), in_stream=False)) == {expected}


def test_a_zero_shot_model_looks_for_the_names_itself(names, tmp_path, image_model):
    model = write_colour_names(tmp_path / "zero_shot").path
    header = SimpleNamespace(stamp=SimpleNamespace(sec=1, nanosec=0))
    for more, expected in [({}, ["red", "blue"]), ({"names": names}, ["red", "sea"])]:
        given = values(model=model, **more)
        found = Pipeline(given)(Frame(rgb=scene((0, 240, 250)), header=header), given).instances
        assert sorted(found.class_name(i) for i in range(len(found))) == sorted(expected)
    with pytest.raises(OsisError, match="but the zero-shot model 'zero_shot' looks for the"):
        Pipeline(values(model=model, names=names, guess__image_model=image_model))


def test_settings_that_do_not_fit_together_are_one_sentence(colour_cells, names, image_model):
    for given, reason in [
        ({"names": names}, "names is given, but the model 'colour_cells' takes no names; set guess.map or"),
        ({"guess__image_model": image_model}, "guess.image_model is given without names"),
        ({"guess__image_model": image_model, "names": Path("gone.npz")}, "gone.npz: no such file"),
        ({"guess__image_model": image_model, "names": names, "guess__map": image_model}, "and not both"),
        ({"guess__image_model": image_model, "names": names, "guess__negatives": ["table"]}, "'table', which is none"),
    ]:
        with pytest.raises(OsisError, match=reason):
            Pipeline(values(model=colour_cells, **given))
