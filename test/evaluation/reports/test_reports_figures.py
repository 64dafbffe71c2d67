"""A model card's pictures. The bundle finds red (distance 0.01) and green (0.02) as known, blue (0.5) as unknown."""

import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from colour_model import colour_bundle
from matplotlib.backends.backend_agg import FigureCanvasAgg
from rectangles import rectangle, write
from typer.testing import CliRunner

pytest.importorskip("matplotlib")
pytest.importorskip("sklearn")

from safetensors.numpy import save_file

from osis_ros.cli import app
from osis_ros.coco.annotations import EvaluationError, read_ground_truth
from osis_ros.evaluation.jobs.predict import image_paths
from osis_ros.evaluation.metrics.split import Split, open_set_split
from osis_ros.evaluation.reports.figures.card import MOST_BYTES, _class_ids
from osis_ros.evaluation.reports.figures.class_centres import read_centres
from osis_ros.evaluation.reports.figures.distance_histogram import draw_distances, part_by_threshold
from osis_ros.evaluation.reports.figures.embedding_map import draw_embedding, map_plane
from osis_ros.evaluation.reports.figures.findings import ImageScores, find, match_objects, score_images
from osis_ros.evaluation.reports.figures.gallery import Group, choose_rows, panels
from osis_ros.evaluation.reports.figures.licence import free_images, read_credits
from osis_ros.inference.bundle import load_bundle
from osis_ros.inference.segmenter import Segmenter

PHOTOGRAPHS = Path(__file__).parents[3] / "docs" / "photographs"
RED, GREEN, TOY = 1, 2, 5
RGB = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
LEFT, RIGHT = (10, 10, 30, 30), (60, 60, 30, 30)
# what is painted where, and what is annotated where
SCENES = (
    ({"red": LEFT, "blue": RIGHT}, {LEFT: RED, RIGHT: TOY}),  # all right
    ({"green": LEFT}, {LEFT: TOY}),  # an unknown object taken for a known one
    ({"blue": LEFT}, {LEFT: RED}),  # a known object taken for unknown
    ({"red": LEFT}, {RIGHT: RED}),  # found elsewhere
    ({}, {}),  # nothing there, nothing found
    ({"red": LEFT, "green": RIGHT}, {LEFT: RED, RIGHT: GREEN}),  # all right
    ({"red": LEFT}, {LEFT: RED, RIGHT: TOY}),  # one of two found
)
FREE, NON_COMMERCIAL = "http://creativecommons.org/licenses/by/2.0/", "http://creativecommons.org/licenses/by-nc/2.0/"


@pytest.fixture
def bundle(tmp_path) -> Path:
    return colour_bundle(tmp_path / "models" / "colour", height=96, width=96).path


@pytest.fixture
def scenes(tmp_path) -> Path:
    """Every second image has a licence under which it may be shown."""
    images, annotations = [], []
    for number, (painted, annotated) in enumerate(SCENES, 1):
        bgr = np.zeros((100, 100, 3), np.uint8)
        for colour, (x, y, width, height) in painted.items():
            bgr[y : y + height, x : x + width] = RGB[colour][::-1]
        cv2.imwrite(str(tmp_path / f"{number}.png"), bgr)
        images.append({"id": number, "file_name": f"{number}.png", "height": 100, "width": 100,
                       "license": 1 + number % 2, "flickr_url": f"http://photos/{number}.png"})  # fmt: skip
        annotations += [
            {"id": 10 * number + i, "image_id": number, "category_id": category, "segmentation": rectangle(*box)}
            for i, (box, category) in enumerate(annotated.items())
        ]
    marks = {RED: ("red", "known"), GREEN: ("green", "known"), TOY: ("toy", "unknown")}
    write(tmp_path, "truth.json", {
        "images": images, "annotations": annotations,
        "categories": [{"id": i, "name": name, "open_set": mark} for i, (name, mark) in marks.items()],
        "licenses": [{"id": 1, "url": FREE}, {"id": 2, "url": NON_COMMERCIAL}],
    })  # fmt: skip
    return tmp_path


@pytest.fixture
def findings(scenes, bundle):
    truth = read_ground_truth(scenes / "truth.json")
    return find(Segmenter(bundle), truth, image_paths(truth, scenes), open_set_split(truth))


def test_objects_are_matched_whatever_class_was_given_and_parted_by_their_own(findings):
    """Five known objects are found, one of them (blue) beyond T_u; of two unknown ones green lies within it. The eighth
    detection lies on no object."""
    matched = match_objects(findings)
    assert len(findings.detections) == 8
    assert matched.category.tolist() == [RED, TOY, TOY, RED, RED, GREEN, RED]
    distances = findings.distances[matched.detection]
    np.testing.assert_allclose(distances, [0.01, 0.5, 0.02, 0.5, 0.01, 0.02, 0.01], atol=1e-6)
    shares = part_by_threshold(distances, matched.known, 0.085)
    assert (shares.known, shares.unknown) == (5, 2)
    assert (shares.known_within, shares.unknown_beyond) == (pytest.approx(4 / 5), pytest.approx(1 / 2))
    assert shares.auroc == pytest.approx((4.5 + 3.5) / 10)  # of ten pairs, ties half
    at_the_line = part_by_threshold(np.array([0.5, 0.5]), np.array([True, False]), 0.5)
    assert (at_the_line.known_within, at_the_line.unknown_beyond) == (1, 0)  # unknown is what lies beyond T_u
    assert at_the_line.auroc == 0.5


def test_an_image_scores_by_the_classes_of_its_objects(findings):
    scores = score_images(findings)
    assert scores.right.tolist() == [2, 0, 0, 0, 0, 2, 1]
    assert scores.found.tolist() == [2, 1, 1, 1, 0, 2, 1]
    assert scores.objects.tolist() == [2, 1, 1, 1, 0, 2, 2]
    np.testing.assert_allclose(scores.f1, [1, 0, 0, 0, np.nan, 1, 2 / 3])


def test_with_all_classes_as_one_only_the_masks_count(findings):
    np.testing.assert_allclose(score_images(findings, class_agnostic=True).f1, [1, 1, 1, 0, np.nan, 1, 2 / 3])


def test_the_gallery_shows_the_best_the_middle_and_the_worst(findings):
    rows = {row.title.split()[0]: row.images for row in choose_rows(score_images(findings))}
    assert rows == {"Best": (0, 5), "Middle": (6, 3), "Worst": (1, 2)}


def test_few_images_are_shown_once_each_and_are_not_called_best():
    def titles(right: list[int]) -> list[tuple]:
        counts = np.array(right)
        return [(r.title, r.images) for r in choose_rows(ImageScores(counts, 0 * counts + 4, 0 * counts + 4))]

    assert titles([1, 2]) == [("All images", (0, 1))]
    assert titles([1, 2, 3]) == [("Best images", (2, 1)), ("Worst images", (0,))]
    rows = [("Best images", (0, 1)), ("Middle of the ranking", (2,)), ("Worst images", (4, 3))]
    assert titles([4, 3, 2, 1, 0]) == rows


def test_a_panel_shows_what_was_found_and_the_other_what_is_true(findings, scenes):
    """Image 4: red was found at the left, but is annotated at the right. Panels are 360 px high for 100."""
    paths = image_paths(findings.truth, scenes)
    group = Group("", "", findings, score_images(findings), paths, ())
    found, true = panels(group, 3, ("red", "green"))
    assert found.shape == true.shape == (360, 360, 3)
    at_left, at_right = (slice(72, 108),) * 2, (slice(252, 288),) * 2  # inside the two squares, off their rims
    assert (true[at_left] == RGB["red"]).all()  # as it was painted
    assert (found[at_left] != RGB["red"]).any()
    assert (found[at_right] == 0).all()
    assert (true[at_right] != 0).any()


def test_t_u_is_a_line_in_the_histogram():
    figure = draw_distances(np.array([0.1, 0.2, 0.3, 0.6]), np.array([True, True, False, False]), 0.25)
    (line,) = figure.axes[0].lines
    assert list(line.get_xdata()) == [0.25, 0.25]
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels[0].startswith("known objects (2): 100% within")
    assert labels[1].startswith("unknown objects (2): 100% beyond")


def test_the_map_keeps_two_bundles_of_vectors_apart_and_is_the_same_each_time():
    random = np.random.default_rng(1)
    vectors = np.repeat(np.eye(8)[[0, 4]], 12, axis=0) + 0.05 * random.standard_normal((24, 8))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    plane = map_plane(vectors)
    between = np.linalg.norm(plane[:12].mean(0) - plane[12:].mean(0))
    within = max(np.linalg.norm(half - half.mean(0), axis=1).max() for half in (plane[:12], plane[12:]))
    assert between > 2 * within
    np.testing.assert_array_equal(map_plane(vectors), plane)
    figure = draw_embedding(vectors, np.repeat([0, 1], 12), ("cup",), np.eye(8, dtype=np.float32)[:1])
    points = {collection.get_label(): len(collection.get_offsets()) for collection in figure.axes[0].collections}
    assert points == {"unknown": 12, "cup": 12}
    with pytest.raises(EvaluationError, match="at least 4 objects"):
        map_plane(vectors[:3])


def test_a_dollar_sign_in_a_name_is_no_formula():
    vectors = np.eye(8, dtype=np.float32).repeat(3, 0)
    figure = draw_embedding(vectors, np.repeat([0, 1], 12), (r"$\cup",), None)
    FigureCanvasAgg(figure).draw()
    shown = [text for text in figure.axes[0].get_legend().get_texts() if text.get_text() == r"$\cup"]
    assert [text.get_parse_math() for text in shown] == [False]


def test_centres_come_from_the_weights_with_unit_length(bundle):
    assert read_centres(load_bundle(bundle)) is None
    save_file({"embedding.centres": np.array([[2, 0, 0], [0, 3, 4]], np.float16)}, bundle / "weights.safetensors")
    np.testing.assert_allclose(read_centres(load_bundle(bundle)), [[1, 0, 0], [0, 0.6, 0.8]], atol=1e-6)
    save_file({"embedding.centres": np.ones((3, 3), np.float16)}, bundle / "weights.safetensors")
    with pytest.raises(EvaluationError, match=r"embedding\.centres is \[3, 3\], model\.yaml expects \[2, 3\]"):
        read_centres(load_bundle(bundle))


def test_points_keep_to_the_models_centres_where_some_of_its_classes_are_not_known():
    """Green is the model's second class; red counts as unknown here, blue it was not taught."""
    split = Split((GREEN, 9), frozenset(), {GREEN: "green", 9: "blue"})
    class_ids, names = _class_ids(np.array([GREEN, RED, 9, TOY]), split, ("red", "green"))
    assert names == ("red", "green", "blue")
    assert class_ids.tolist() == [1, 3, 2, 3]


def test_only_freely_licensed_photographs_are_shown(scenes):
    """Images 2, 4 and 6 are CC BY, the others non-commercial."""
    credits = read_credits(scenes / "truth.json")
    assert sorted(credits) == [2, 4, 6]
    assert credits[2].markdown() == f"[2.png](http://photos/2.png) ([CC BY 2.0]({FREE}))"
    free = free_images(read_ground_truth(scenes / "truth.json"), credits)
    assert [image.id for image in free.images] == [2, 4, 6]
    assert free.objects.image.tolist() == [0, 1, 2, 2]
    assert free.objects.category.tolist() == [TOY, RED, RED, GREEN]


def test_the_photographs_of_the_documentation_may_all_be_shown():
    truth = read_ground_truth(PHOTOGRAPHS / "instances.json")
    credits = read_credits(PHOTOGRAPHS / "instances.json")
    assert len(free_images(truth, credits).images) == len(truth.images)
    for path, image in zip(image_paths(truth, PHOTOGRAPHS), truth.images, strict=True):
        assert cv2.imread(str(path)).shape[:2] == (image.height, image.width)


def drawn(scenes: Path, bundle: Path, *more: str):
    arguments = ["card-figures", str(bundle), "--ground-truth", str(scenes / "truth.json"), "--images", str(scenes)]
    return CliRunner().invoke(app, [*arguments, *more])


def test_the_command_writes_pictures_and_a_section_that_shows_them(scenes, bundle):
    save_file({"embedding.centres": np.eye(2, 3, dtype=np.float16)}, bundle / "weights.safetensors")
    photographs = ["--real-ground-truth", str(scenes / "truth.json"), "--real-images", str(scenes)]
    result = drawn(scenes, bundle, *photographs)
    assert result.exit_code == 0, result.output
    section = (bundle / "figures" / "figures.md").read_text()
    shown = re.findall(r"!\[[^]]*\]\(([^)]+)\)", section)
    assert shown == ["figures/gallery.jpg", "figures/distances.png", "figures/embedding.png"]
    pictures = [cv2.imread(str(bundle / path)) for path in shown]
    assert all(picture is not None and picture.std() > 5 for picture in pictures)
    assert sum((bundle / path).stat().st_size for path in shown) <= MOST_BYTES
    assert "Of 5 known objects 80% lie within T_u, of 2 unknown ones 50% lie beyond it" in section
    assert "3 real photographs" in section
    assert "[4.png](http://photos/4.png)" in section
    assert str(scenes) not in section


def test_without_weights_the_centres_are_left_out_and_that_is_said(scenes, bundle):
    result = drawn(scenes, bundle)
    assert result.exit_code == 0, result.output
    assert "the map of the embedding lacks them" in result.output
    assert "The class centres were not available." in (bundle / "figures" / "figures.md").read_text()


def test_what_does_not_fit_is_one_sentence(scenes, bundle):
    def assert_sentence(result, sentence: str) -> None:
        assert result.exit_code == 1
        assert sentence in result.output
        assert len(result.output.strip().splitlines()) == 1

    assert_sentence(drawn(scenes, bundle, "--real-images", str(scenes)), "go together, give both or neither")
    assert_sentence(drawn(scenes, bundle, "--known", "red,green,toy"), "found no object of unknown classes")
    unlicensed = scenes / "unlicensed.json"
    shutil.copy(scenes / "truth.json", unlicensed)
    unlicensed.write_text(unlicensed.read_text().replace(FREE, NON_COMMERCIAL))
    photographs = ["--real-ground-truth", str(unlicensed), "--real-images", str(scenes)]
    assert_sentence(drawn(scenes, bundle, *photographs), "no image has a licence that lets changed copies")
    assert not (bundle / "figures").exists()
