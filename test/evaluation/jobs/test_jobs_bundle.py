"""`osis evaluate --model`: a bundle over images, to the last figure. The bundle finds red, green and blue things."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from colour_model import colour_bundle
from rectangles import rectangle, write
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.evaluation.jobs import evaluate
from osis_ros.inference.bundle import load_bundle
from osis_ros.inference.segmenter import Segmenter

PHOTOGRAPHS = Path(__file__).parents[3] / "docs" / "photographs"
RED, GREEN, TOY = 1, 2, 5
RGB = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    return colour_bundle(tmp_path_factory.mktemp("models") / "colour", height=96, width=96).path


def picture(things: dict[str, tuple[int, int, int, int]]) -> np.ndarray:
    rgb = np.zeros((100, 100, 3), np.uint8)
    for colour, (x, y, width, height) in things.items():
        rgb[y : y + height, x : x + width] = RGB[colour]
    return rgb


@pytest.fixture
def scene(tmp_path) -> Path:
    """Image 1: a red thing, a blue toy. Image 2: a green thing annotated as toy: an open-set error."""
    (tmp_path / "images").mkdir()
    images = [picture({"red": (10, 10, 30, 30), "blue": (60, 60, 30, 30)}), picture({"green": (20, 20, 40, 40)})]
    for number, rgb in enumerate(images, 1):
        cv2.imwrite(str(tmp_path / "images" / f"{number}.png"), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    objects = [(1, RED, (10, 10, 30, 30)), (1, TOY, (60, 60, 30, 30)), (2, TOY, (20, 20, 40, 40))]
    truth = {
        "images": [{"id": i, "file_name": f"images/{i}.png", "height": 100, "width": 100} for i in (1, 2)],
        "categories": [{"id": RED, "name": "red"}, {"id": TOY, "name": "toy"}],
        "annotations": [
            {"id": n, "image_id": i, "category_id": c, "segmentation": rectangle(*box)}
            for n, (i, c, box) in enumerate(objects, 1)
        ],
    }
    write(tmp_path, "truth.json", truth)
    return tmp_path


def run(folder: Path, bundle: Path, *more: str, images: str = "."):
    out = folder / "figures.json"
    arguments = ["evaluate", "--model", str(bundle), "--images", str(folder / images), "--json", str(out)]
    result = CliRunner().invoke(app, [*arguments, "--ground-truth", str(folder / "truth.json"), *more])
    return result, json.loads(out.read_text()) if out.is_file() else None


def test_a_bundle_is_scored_from_images_to_figures(scene, bundle):
    """Red is right, blue is found as unknown (1 of 2 toys), green claims the other toy: AOSE 1, though the ground truth
    has no class green."""
    result, report = run(scene, bundle)
    assert result.exit_code == 0, result.output
    assert report["known_classes"] == ["red"]
    assert report["known"]["AP50"] == pytest.approx(100)
    assert report["unknown"]["AP50"] == pytest.approx(51 / 101 * 100)  # precision 1 up to recall 1/2
    assert report["AOSE"] == 1
    assert report["run"]["images_per_second"] > 0
    assert "the model's green do not exist in the ground truth" in " ".join(report["notes"])
    assert "images/s" in result.output


def test_a_user_is_told_what_the_models_own_score_threshold_leaves(scene, bundle):
    """Everything is found; once the toy's annotation lies elsewhere, one object is missed and one instance of two
    images is false. Above a score of 1 nothing is left, so all are missed and none is false."""
    result, report = run(scene, bundle)
    own = load_bundle(bundle).manifest.thresholds.score
    assert report["at_own_score"] == {"score_threshold": own, "recall50": 100, "false_per_image": 0}
    truth = json.loads((scene / "truth.json").read_text())
    truth["annotations"][1]["segmentation"] = rectangle(0, 90, 8, 8)
    write(scene, "truth.json", truth)
    for how in ((), ("--class-agnostic",)):
        result, report = run(scene, bundle, *how)
        assert report["at_own_score"]["recall50"] == pytest.approx(200 / 3)
        assert report["at_own_score"]["false_per_image"] == 0.5
        said = "recall at IoU 0.5 66.7 %, 0.50 false instances per image, whatever their class"
        assert f"as the model reports them, scores ≥ {own:g}: {said}" in " ".join(result.output.split())
    _, report = run(scene, bundle, "--score-threshold", "1.0")
    assert report["at_own_score"] == {"score_threshold": 1, "recall50": 0, "false_per_image": 0}


def test_class_agnostic_finds_all_three(scene, bundle):
    result, report = run(scene, bundle, "--class-agnostic")
    assert result.exit_code == 0, result.output
    assert report["object"]["recall50"] == pytest.approx(100)
    assert report["objects"] == report["detections"] == 3


def test_thresholds_reach_the_model(scene, bundle):
    """Below T_u 0.6 blue is no longer unknown; above a score of 1 nothing is found."""
    _, report = run(scene, bundle, "--unknown-threshold", "0.6")
    assert report["unknown"]["AR100"] == 0
    _, report = run(scene, bundle, "--class-agnostic", "--score-threshold", "1.0")
    assert report["detections"] == 0


def test_beside_it_a_plain_softmax_classifier_that_calls_nothing_unknown(scene, bundle):
    """Without T_u blue is red, the class whose centre is nearest, and claims the toy too: AOSE 2 instead of 1."""
    result, report = run(scene, bundle, "--softmax-baseline")
    assert result.exit_code == 0, result.output
    assert report["AOSE"] == 1
    assert report["softmax_baseline"]["AOSE"] == 2
    assert report["softmax_baseline"]["AOSE_per_1000_images"] == 1000
    assert "plain softmax, nothing unknown: AOSE 2" in result.output


@pytest.mark.parametrize(("threshold", "code"), [("1.0", 0), ("1.5", 1)])
def test_a_model_that_bounds_a_probability_takes_t_u_up_to_1(scene, tmp_path, threshold, code):
    bundle = colour_bundle(tmp_path / "odds", height=96, width=96, unknown_by="odds").path
    result, report = run(scene, bundle, "--softmax-baseline", "--unknown-threshold", threshold)
    assert result.exit_code == code, result.output
    if code:
        assert "unknown_threshold is 1.5, expected 0..1: this model's T_u bounds a probability" in result.output
        assert report is None
    else:  # at 1 nothing is unknown, with or without the baseline
        assert report["AOSE"] == report["softmax_baseline"]["AOSE"] == 2


def test_saved_detections_score_the_same(scene, bundle):
    _, live = run(scene, bundle, "--known", "red", "--save-detections", str(scene / "found.json"))
    found = json.loads((scene / "found.json").read_text())
    (green,) = found["categories"]  # the ground truth has no such class
    assert (green["name"], [d["category_id"] for d in found["detections"]].count(green["id"])) == ("green", 1)
    arguments = ["evaluate", "--ground-truth", str(scene / "truth.json"), "--known", "red"]
    arguments += ["--detections", str(scene / "found.json"), "--json", str(scene / "again.json")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    again = json.loads((scene / "again.json").read_text())
    for figure in ("known", "unknown", "AOSE", "WI", "per_class", "notes"):
        assert again[figure] == live[figure], figure
    assert live["AOSE"] == 1


def test_the_folder_may_be_the_one_that_holds_the_files(scene, bundle):
    assert run(scene, bundle, images="images")[0].exit_code == 0


def test_the_first_images_alone(scene, bundle):
    _, report = run(scene, bundle, "--first", "1")
    assert (report["images"], report["objects"]["unknown"], report["AOSE"]) == (1, 1, 0)


def test_the_first_images_of_saved_detections(scene, bundle):
    _, live = run(scene, bundle, "--first", "1", "--known", "red")
    run(scene, bundle, "--known", "red", "--save-detections", str(scene / "found.json"))
    found = json.loads((scene / "found.json").read_text())
    assert len({d["image_id"] for d in found["detections"]}) == 2
    arguments = ["evaluate", "--ground-truth", str(scene / "truth.json"), "--known", "red", "--first", "1"]
    arguments += ["--detections", str(scene / "found.json"), "--json", str(scene / "again.json")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    again = json.loads((scene / "again.json").read_text())
    assert (again["images"], again["unknown"]) == (1, live["unknown"])


def test_one_file_that_would_stand_for_two_images_is_one_sentence(scene, bundle):
    truth = json.loads((scene / "truth.json").read_text())
    for image, folder in zip(truth["images"], "ab", strict=True):
        image["file_name"] = f"{folder}/1.png"
    write(scene, "truth.json", truth)
    assert_one_sentence(run(scene, bundle, images="images")[0], "1.png would stand for several images of ")


def assert_one_sentence(result, sentence: str) -> None:
    assert result.exit_code == 1
    assert sentence in result.output.replace("\n", "")
    assert len(result.output.strip().splitlines()) == 1


def compared(folder: Path, first: Path, second: Path, *more: str):
    arguments = ["--ground-truth", str(folder / "truth.json"), "--images", str(folder), *more]
    return CliRunner().invoke(app, ["compare", str(first), str(second), *arguments])


def test_two_bundles_are_compared_on_the_same_images(scene, bundle, tmp_path):
    """The other one's T_u of 0.6 makes blue red: AP_unk falls from 51/101 to 0, and AOSE rises from 1 to 2."""
    thresholds = {"score": 0.3, "unknown": 0.6, "nms_iou": 0.5, "max_instances": 100}
    other = colour_bundle(tmp_path / "other" / "colour", height=96, width=96, thresholds=thresholds).path
    out = tmp_path / "comparison.json"
    result = compared(scene, bundle, other, "--json", str(out), "--tolerance", "0.3")
    assert result.exit_code == 1
    assert "points, more than 0.3" in result.output
    figures = json.loads(out.read_text())
    assert figures["losses"]["AP_unk"] == pytest.approx(figures["first"]["unknown"]["AP"])
    assert figures["losses"]["AP_unk"] > 30
    assert figures["AOSE_increase"] == 1
    assert figures["speed_ratio"] == pytest.approx(
        figures["first"]["median_seconds"] / figures["second"]["median_seconds"]
    )


def test_a_bundle_loses_nothing_against_itself(scene, bundle):
    result = compared(scene, bundle, bundle, "--tolerance", "0")
    assert result.exit_code == 0, result.output
    assert result.output.count("+0.00") == 5
    for wrong in ("nan", "-1"):  # no loss is greater than NaN
        assert compared(scene, bundle, bundle, "--tolerance", wrong).exit_code != 0


def test_missing_broken_and_resized_images_are_one_sentence(scene, bundle):
    second = scene / "images" / "2.png"
    cv2.imwrite(str(second), np.zeros((50, 60, 3), np.uint8))
    assert_one_sentence(run(scene, bundle)[0], "2.png is 60x50 pixels, its annotations say 100x100")
    second.write_bytes(b"no image")
    assert_one_sentence(run(scene, bundle)[0], "2.png cannot be decoded (8 bytes): damaged or not an image")
    second.unlink()
    assert_one_sentence(run(scene, bundle)[0], "1 of the 2 images of ")
    assert_one_sentence(run(scene, bundle, images="nowhere")[0], "no such folder of images")


def test_a_bundle_that_does_not_exist_and_contradicting_options_are_one_sentence(scene, bundle):
    assert_one_sentence(run(scene, scene / "absent")[0], "does not exist")
    assert_one_sentence(run(scene, bundle, "--detections", "d.json")[0], "give either --detections FILE")
    truth = str(scene / "truth.json")
    assert_one_sentence(CliRunner().invoke(app, ["evaluate", "--ground-truth", truth]), "give either --detections")
    only_model = ["evaluate", "--ground-truth", truth, "--model", str(bundle)]
    assert_one_sentence(CliRunner().invoke(app, only_model), "--model needs --images")
    assert_one_sentence(run(scene, bundle, "--known", "red", "--unknown-id", "1")[0], "id 1 is a known class here")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--detections", "d.json", "--score-threshold", "0.9", "--max-overlap", "0.5"],
         "--score-threshold, --max-overlap: of no effect with --detections, which were made before"),
        (["--model", "m", "--images", "i", "--class-agnostic", "--known", "red"],
         "--known: of no effect with --class-agnostic"),
        (["--detections", "d.json", "--goss-score", "0.5"], "--goss-score: of no effect with no --goss"),
        (["--detections", "d.json", "--goss", "--goss-score", "nan"], "--goss-score is nan, expected 0..1"),
        (["--detections", "d.json", "--goss", "--goss-score", "1.5"], "--goss-score is 1.5, expected 0..1"),
    ],
)  # fmt: skip
def test_options_that_would_change_nothing_are_refused(scene, options, sentence):
    arguments = ["evaluate", "--ground-truth", str(scene / "truth.json"), *options]
    assert_one_sentence(CliRunner().invoke(app, arguments), sentence)


def test_a_run_that_breaks_off_goes_on_where_it_was(scene, bundle, monkeypatch):
    found, part = scene / "found.json", scene / "found.json.part"
    whole = run(scene, bundle, "--save-detections", str(found))[1]
    detections = found.read_bytes()
    found.unlink()
    segment, sizes = Segmenter.segment, []

    def breaks(self, rgb, *args, **options):
        sizes.append(rgb.shape)
        if len(sizes) == 3:  # after the warm-up and the first image
            raise ValueError("as if the power had gone")
        return segment(self, rgb, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Segmenter, "segment", breaks)
        broken = run(scene, bundle, "--save-detections", str(found))[0]
        assert isinstance(broken.exception, ValueError), "numpy's and OpenCV's errors keep their traceback"
        assert not found.exists()
        part.write_text(part.read_text() + '[2, [{"image_id"')  # cut short
        patch.setattr(Segmenter, "segment", lambda *args, **options: sizes.append(0) or segment(*args, **options))
        del sizes[:]
        again = run(scene, bundle, "--save-detections", str(found))[1]
        assert len(sizes) == 1 + len(json.loads((scene / "truth.json").read_text())["images"]) - 1
    assert found.read_bytes() == detections
    assert not part.exists()
    assert again["unknown"] == whole["unknown"]


def test_what_another_run_left_is_kept_and_not_taken(scene, bundle):
    part = scene / "found.json.part"
    part.write_text('{"model": "another"}\n[1, []]\n[2, []]\n')
    assert_one_sentence(run(scene, bundle, "--save-detections", str(scene / "found.json"))[0], "of another run")
    assert part.read_text() == '{"model": "another"}\n[1, []]\n[2, []]\n'


def test_a_run_whose_results_cannot_be_written_keeps_them(scene, bundle, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "found.json")

    with monkeypatch.context() as patch:
        patch.setattr(evaluate, "write_json", full)
        result, _ = run(scene, bundle, "--save-detections", str(scene / "found.json"))
    assert_one_sentence(result, "found.json: No space left on device")
    assert len((scene / "found.json.part").read_text().splitlines()) == 1 + 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--save-detections", "truth.json"], "truth.json is also an input"),
        (["--save-detections", "images/../truth.json"], "truth.json is also an input"),
        (["--save-detections", "linked.json"], "linked.json is also an input"),
        (["--save-detections", "theirs.json"], "theirs.json exists and is not an earlier file of detections"),
        (["--json", "truth.json"], "truth.json is also an input"),
        (["--json", "images/1.png"], "images/1.png exists and is not an earlier report"),
        (["--json", "both.json", "--save-detections", "both.json"], "both.json is also an input"),
        (["--json", "images"], "images is a folder, expected a file"),
    ],
)
def test_an_output_never_replaces_what_is_not_an_earlier_one(scene, bundle, options, sentence, monkeypatch):
    monkeypatch.chdir(scene)
    (scene / "linked.json").hardlink_to(scene / "truth.json")
    (scene / "theirs.json").write_text('[{"image_id": 1, "category_id": 1, "score": 0.5}]')
    before = {file: file.read_bytes() for file in scene.rglob("*") if file.is_file()}
    arguments = ["evaluate", "--model", str(bundle), "--images", ".", "--ground-truth", "truth.json"]
    assert_one_sentence(CliRunner().invoke(app, [*arguments, *options]), sentence)
    assert {file: file.read_bytes() for file in scene.rglob("*") if file.is_file()} == before


def test_an_earlier_output_is_replaced(scene, bundle):
    for _ in range(2):
        result, _ = run(scene, bundle, "--save-detections", str(scene / "found.json"))
        assert result.exit_code == 0, result.output


def test_with_max_overlap_the_shipped_model_gives_less(tmp_path):
    arguments = ["evaluate", "--model", "tabletop", "--images", str(PHOTOGRAPHS), "--first", "2", "--class-agnostic"]
    arguments += ["--ground-truth", str(PHOTOGRAPHS / "instances.json"), "--save-detections"]
    everything, some = tmp_path / "everything.json", tmp_path / "some.json"
    assert CliRunner().invoke(app, [*arguments, str(everything)]).exit_code == 0
    result = CliRunner().invoke(app, [*arguments, str(some), "--max-overlap", "0.5"])
    assert result.exit_code == 0
    assert "masks' IoU ≤ 0.5" in " ".join(result.stdout.split())
    found, kept = (json.loads(path.read_text())["detections"] for path in (everything, some))
    assert 0 < len(kept) < len(found)
    assert all(instance in found for instance in kept)
