"""`osis guess-map`: fitted on the objects that a model finds, it names objects of other kinds."""

import colorsys
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from colour_cells import write_colour_cells
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.words.embedding_map import read_map
from osis_ros.words.names_file import NamedVectors, write_names_file

PLACES = [(16, 16), (128, 16), (16, 128), (128, 128)]
NAMES = tuple(f"hue {number}" for number in range(0, 360, 24))


def colour(name: str, light: float = 0.95) -> np.ndarray:
    return np.array(colorsys.hsv_to_rgb(int(name.split()[1]) / 360, 0.9, light))


def data_set(folder: Path, images: int = 30) -> tuple[Path, Path]:
    """Squares of all hues, a little lighter and darker, four in an image: annotations, and names with their vectors."""
    random, annotations = np.random.default_rng(0), []
    (folder / "images").mkdir(parents=True)
    for number in range(images):
        rgb = np.zeros((224, 224, 3))
        for x, y in PLACES:
            index = len(annotations) % len(NAMES)
            rgb[y : y + 80, x : x + 80] = 255 * colour(NAMES[index], random.uniform(0.7, 1))
            box = [x, y, x, y + 80, x + 80, y + 80, x + 80, y]
            annotations.append({"id": len(annotations) + 1, "image_id": number, "category_id": index + 1, "iscrowd": 0,
                                "bbox": [x, y, 80, 80], "area": 6400, "segmentation": [box]})  # fmt: skip
        cv2.imwrite(str(folder / "images" / f"{number}.png"), rgb[..., ::-1].round())
    truth = {
        "images": [{"id": i, "file_name": f"{i}.png", "height": 224, "width": 224} for i in range(images)],
        "categories": [{"id": i + 1, "name": name} for i, name in enumerate(NAMES)], "annotations": annotations,
    }  # fmt: skip
    (folder / "truth.json").write_text(json.dumps(truth))
    turned = np.linalg.qr(random.normal(size=(6, 6)))[0][:3]  # names have vectors of 6 numbers, not colours themselves
    vectors = np.array([colour(name) for name in NAMES]) @ turned
    write_names_file(folder / "words.npz", NamedVectors(NAMES, vectors.astype(np.float32), "hues"))
    return folder / "truth.json", folder / "words.npz"


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert "Traceback" not in result.output
    return result.exit_code, " ".join(result.output.split())


def test_names_left_out_are_guessed_and_osis_segment_uses_the_map(tmp_path):
    bundle = write_colour_cells(tmp_path / "model")
    truth, words = data_set(tmp_path / "data")
    common = ("--ground-truth", truth, "--images", tmp_path / "data" / "images", "--vectors", words)
    code, said = run("guess-map", bundle.path, tmp_path / "map.npz", *common)
    assert code == 0, said
    assert "120 objects of 15 names" in said
    assert float(said.partition("names left out: ")[2].partition("%")[0]) > 90
    assert "by chance 33.3%" in said
    made = read_map(tmp_path / "map.npz")
    assert (made.matrix.shape, made.source, set(made.trained)) == ((3, 6), "hues", set(NAMES))

    images = (tmp_path / "data" / "images" / "0.png", "--model", bundle.path, "--output", tmp_path / "out")
    code, said = run("segment", *images, "--names", words, "--guess-map", tmp_path / "map.npz")
    assert code == 0, said
    found = json.loads((tmp_path / "out" / "0.json").read_text())["instances"]
    guesses = {one["guess"] for one in found if one["unknown"] and "guess" in one}
    assert guesses <= set(NAMES[:4])
    assert guesses
    assert all("guess" not in one for one in found if not one["unknown"])
    assert f"{sorted(guesses)[0]}?" in said
    assert "expected --names" in run("segment", *images, "--guess-map", tmp_path / "map.npz")[1]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("--first", 5), "20 objects of 15 names were found, expected at least 50 of 10 names"),
        (("--vectors", "gone.npz"), "gone.npz: no such file"),
    ],
)
def test_what_cannot_be_fitted_is_one_sentence(tmp_path, change, reason):
    bundle = write_colour_cells(tmp_path / "model")
    truth, words = data_set(tmp_path / "data", images=15)
    common = ("--ground-truth", truth, "--images", tmp_path / "data" / "images", "--vectors", words)
    code, said = run("guess-map", bundle.path, tmp_path / "map.npz", *common, *change)
    assert (code, reason in said) == (1, True), said
    assert not (tmp_path / "map.npz").exists()
