"""`osis scenes`: COCO files, the same bytes whatever the workers, resume after a kill, sentences for bad arguments."""

import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.coco.annotations import read_ground_truth
from osis_ros.coco.rle import decode
from osis_ros.errors import DatasetError
from osis_ros.evaluation.metrics.goss import score_goss
from osis_ros.evaluation.metrics.split import open_set_split
from osis_ros.simulation.categories import KNOWN, OUTLIERS, UNKNOWN
from osis_ros.simulation.dataset import Settings, write_dataset
from osis_ros.simulation.gl import RenderError
from osis_ros.simulation.surroundings import STUFF

SMALL = Settings("test", 3, 160, 120, 2, True)
COMMAND = ["--width", "160", "--height", "120"]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("made")
    assert list(write_dataset(out, SMALL, 7, workers=1)) == [0, 2, 4, 6, 7]
    return out / "test"


def test_two_workers_write_the_bytes_of_one(made: Path, tmp_path: Path):
    assert list(write_dataset(tmp_path, SMALL, 7, workers=2))[-1] == 7
    assert contents(tmp_path / "test") == contents(made)


def test_what_is_there_needs_no_opengl_and_is_never_made_less(made: Path, monkeypatch: pytest.MonkeyPatch):
    def no_opengl(*_) -> None:
        raise RenderError("rendering needs OpenGL")

    monkeypatch.setattr("osis_ros.simulation.dataset.Renderer", no_opengl)
    before = contents(made)
    assert list(write_dataset(made.parent, SMALL, 7, workers=1)) == [7]
    with pytest.raises(DatasetError, match=r"holds more than 4 images; ask for at least as many"):
        list(write_dataset(made.parent, SMALL, 4, workers=1))
    assert contents(made) == before


def test_the_file_is_coco_with_known_categories_first(made: Path):
    truth = json.loads((made / "instances.json").read_text())
    assert [c["name"] for c in truth["categories"]] == [*KNOWN, *UNKNOWN]
    assert [c["id"] for c in truth["categories"]] == list(range(1, 25))
    assert [c["open_set"] for c in truth["categories"]] == ["known"] * 12 + ["unknown"] * 12
    assert [i["id"] for i in truth["images"]] == list(range(1, 8))
    assert [i["scene_seed"] for i in truth["images"]] == [3, 3, 4, 4, 5, 5, 6]
    for image in truth["images"]:
        assert cv2.imread(str(made / "images" / image["file_name"])).shape == (120, 160, 3)
        assert np.array(image["intrinsics"]).shape == (3, 3)
    assert len({a["id"] for a in truth["annotations"]}) == len(truth["annotations"]) > 7


def test_a_set_of_outliers_lists_the_known_categories_and_those_of_no_class_under_ids_of_their_own(tmp_path: Path):
    assert list(write_dataset(tmp_path, replace(SMALL, split="outliers"), 4, workers=1))[-1] == 4
    truth = json.loads((tmp_path / "outliers" / "instances.json").read_text())
    assert {c["id"]: c["name"] for c in truth["categories"]} == {
        **dict(enumerate(KNOWN, 1)),
        **dict(enumerate(OUTLIERS, 25)),
    }
    assert {c["open_set"] for c in truth["categories"] if c["id"] > 24} == {"unknown"}
    assert {a["category_id"] for a in truth["annotations"]} <= {c["id"] for c in truth["categories"]}


def test_masks_boxes_and_areas_agree_and_masks_do_not_overlap(made: Path):
    truth = json.loads((made / "instances.json").read_text())
    painted = {i["id"]: np.zeros((120, 160), int) for i in truth["images"]}
    for annotation in truth["annotations"]:
        mask = decode(annotation["segmentation"])
        rows, columns = np.nonzero(mask)
        x, y, width, height = annotation["bbox"]
        assert (x, y) == (columns.min(), rows.min())
        assert (x + width, y + height) == (columns.max() + 1, rows.max() + 1)
        assert annotation["area"] == mask.sum() >= 64
        painted[annotation["image_id"]] += mask
    assert all(picture.max() <= 1 for picture in painted.values())


def test_faster_coco_eval_reads_the_masks(made: Path):
    mask_api = pytest.importorskip("faster_coco_eval.core.mask")
    for annotation in json.loads((made / "instances.json").read_text())["annotations"]:
        assert mask_api.area(annotation["segmentation"]) == annotation["area"]


def test_depth_is_millimetres(made: Path):
    depth = cv2.imread(str(made / "depth" / "000000.png"), cv2.IMREAD_UNCHANGED)
    assert depth.dtype == np.uint16
    assert 250 < np.median(depth) < 3000


def test_training_sets_name_known_categories_only(tmp_path: Path):
    list(write_dataset(tmp_path, Settings("train", 0, 160, 120, 3, False), 3, workers=1))
    truth = json.loads((tmp_path / "train" / "instances.json").read_text())
    assert [c["name"] for c in truth["categories"]] == list(KNOWN)
    assert {a["category_id"] for a in truth["annotations"]} <= set(range(1, 13))
    assert not (tmp_path / "train" / "depth").exists()


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(made: Path, tmp_path: Path):
    command = [sys.executable, "-m", "osis_ros.cli", "scenes", str(tmp_path), "--split", "test", "--count", "7",
               "--seed", "3", "--views", "2", "--depth", "--workers", "2", *COMMAND]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    records = tmp_path / "test" / "records"
    deadline = time.monotonic() + 60
    while len(list(records.glob("0*.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.wait()
    kept = {file: file.stat().st_mtime_ns for file in records.glob("0*.json")}
    first = min(kept)
    first.write_bytes(b"")  # what a power cut may leave
    del kept[first]
    (tmp_path / "test" / "images" / ".000006.jpg.1").write_bytes(b"half")  # what a write leaves when it is cut off
    steps = list(write_dataset(tmp_path, SMALL, 7, workers=1))
    assert steps[0] >= 1, "what was done is found"
    assert steps[-1] == 7
    assert contents(tmp_path / "test") == contents(made)
    assert all(file.stat().st_mtime_ns == stamp for file, stamp in kept.items()), "and not made again"


def test_the_truth_in_space_fits_pictures_and_depth(made: Path, tmp_path: Path):
    list(write_dataset(tmp_path, replace(SMALL, space=True), 2, workers=1))
    truth, plain = (json.loads((folder / "instances.json").read_text()) for folder in (tmp_path / "test", made))
    heights = []
    for image in truth["images"]:
        plane, pose = image["support_plane"], np.array(image["camera_pose"])
        table = np.array([0.3, -0.2, 0.0])  # any point of z = 0
        assert abs(plane["normal"] @ (pose[:3, :3].T @ (table - pose[:3, 3])) + plane["offset"]) < 1e-4
        for item in (a for a in truth["annotations"] if a["image_id"] == image["id"]):
            box, middle = item["box3d"], (pose @ np.array(item["pose"]))[:3, 3]
            assert box["size"][0] >= box["size"][1] > 0
            assert np.all(np.abs(middle - box["center"]) <= np.linalg.norm(box["size"]))
            assert 0 < item["visible_share"] <= 1
            for turn in np.reshape(item["symmetries_discrete"], (-1, 4, 4)):
                assert np.allclose(turn[:3, :3] @ turn[:3, :3].T, np.eye(3), atol=1e-5)
            assert all({"axis", "offset"} == set(one) for one in item["symmetries_continuous"])
            heights.append(box["center"][2] - box["size"][2] / 2)
    assert min(np.abs(heights)) < 0.01, "something stands on the table, or on a mat"
    assert not {"box3d", "visible_share"} & plain["annotations"][0].keys()
    assert "support_plane" not in plain["images"][0]


@pytest.fixture(scope="module")
def made_goss(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("made_goss")
    list(write_dataset(out, replace(SMALL, goss=True), 4, workers=1))
    return out / "test"


def test_goss_truth_gives_each_pixel_one_label(made_goss: Path, made: Path):
    """Only hidden objects, of which fewer than 64 pixels are seen, are without one."""
    truth = json.loads((made_goss / "goss.json").read_text())
    names = {c["id"]: c["name"] for c in truth["categories"] if not c["isthing"]}
    assert names == dict(enumerate(STUFF, 101))
    assert all(c["isthing"] == (c["id"] <= 24) for c in truth["categories"])
    assert len({a["id"] for a in truth["annotations"]}) == len(truth["annotations"])
    for image in truth["images"]:
        masks = [decode(a["segmentation"]) for a in truth["annotations"] if a["image_id"] == image["id"]]
        labels = np.sum(masks, axis=0)
        assert labels.max() == 1
        assert (labels == 0).sum() < 3 * 64
    objects = json.loads((made_goss / "instances.json").read_text())["annotations"]
    assert [a for a in truth["annotations"] if a["category_id"] < 101] == objects
    assert objects == [a for a in json.loads((made / "instances.json").read_text())["annotations"] if a["image_id"] < 5]
    assert (made_goss / "images" / "000003.jpg").read_bytes() == (made / "images" / "000003.jpg").read_bytes()


def test_the_true_objects_are_a_perfect_goss_result(made_goss: Path):
    """Painted as found: each known class, ground and each unknown object matches, up to the hidden objects' pixels."""
    truth = read_ground_truth(made_goss / "goss.json")
    things = [c.id for c in truth.categories if c.thing]
    found = truth.objects.take(np.isin(truth.objects.category, things))
    figures = score_goss(truth, found, open_set_split(truth))
    assert [figures[name] for name in ("GQ_known", "GQ_unknown", "GQ_clu")] == [100, 100, 100]
    assert figures["per_class"]["ground"]["matched"] == 4


@pytest.mark.parametrize("begun_with", [False, True])
def test_goss_truth_is_of_the_whole_set_or_not_there(begun_with: bool, made: Path, made_goss: Path):
    folder = made_goss if begun_with else made
    with pytest.raises(DatasetError, match=rf"other settings \(goss {begun_with}, now {not begun_with}\)"):
        list(write_dataset(folder.parent, replace(SMALL, goss=not begun_with), 7, workers=1))


def test_a_finished_folder_can_be_extended(tmp_path: Path, made: Path):
    list(write_dataset(tmp_path, SMALL, 3, workers=1))
    assert list(write_dataset(tmp_path, SMALL, 7, workers=1)) == [3, 4, 6, 7]
    assert contents(tmp_path / "test") == contents(made)


def test_other_settings_are_refused_with_both_values(made: Path):
    other = Settings("test", 4, 160, 120, 2, True)
    with pytest.raises(DatasetError, match=r"begun with other settings \(seed 3, now 4\)"):
        list(write_dataset(made.parent, other, 7, workers=1))


OTHERS = ("images/holiday.jpg", "labels/.gitignore", "code/.env", "instances.json", "records/.mine.1")


@pytest.mark.parametrize("name", OTHERS)
def test_a_folder_of_something_else_is_left_as_it_is(tmp_path: Path, name: str):
    (tmp_path / "test" / name).parent.mkdir(parents=True)
    (tmp_path / "test" / name).write_text("mine")
    with pytest.raises(DatasetError, match=rf"holds {name} but no settings\.json; use an empty folder"):
        list(write_dataset(tmp_path, SMALL, 1, workers=1))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "test" / name]


@pytest.mark.parametrize("settings", ['{"generation": 1, "split": "test"}', "[1]", "no JSON"])
def test_hidden_files_beside_settings_of_something_else_are_kept(tmp_path: Path, settings: str):
    (tmp_path / "test" / "images").mkdir(parents=True)
    (tmp_path / "test" / "settings.json").write_text(settings)
    (tmp_path / "test" / "images" / ".000001.jpg.7").write_text("mine")
    with pytest.raises(DatasetError, match=r"begun with other settings|does not hold the settings"):
        list(write_dataset(tmp_path, SMALL, 1, workers=1))
    assert (tmp_path / "test" / "images" / ".000001.jpg.7").read_text() == "mine"
    assert not (tmp_path / "test" / "records").exists()


def test_only_drafts_of_images_are_cleared_away(made: Path, tmp_path: Path):
    shutil.copytree(made, tmp_path / "test")
    draft, note = (tmp_path / "test" / "images" / name for name in (".000001.jpg.77", ".note"))
    draft.touch()
    note.touch()
    assert list(write_dataset(tmp_path, SMALL, 7, workers=1)) == [7]
    assert (draft.exists(), note.exists()) == (False, True)


def test_an_image_that_was_deleted_is_made_again(made: Path, tmp_path: Path):
    shutil.copytree(made, tmp_path / "test")
    (tmp_path / "test" / "images" / "000002.jpg").unlink()
    (tmp_path / "test" / "depth" / "000005.png").unlink()
    assert list(write_dataset(tmp_path, SMALL, 7, workers=1))[::2] == [5, 7]
    assert contents(tmp_path / "test") == contents(made)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--split", "dev"], "--split is 'dev', expected one of train, val, test, demo, outliers"),
        (["--count", "0"], "--count is 0, expected 1 or more images"),
        (["--workers", "0"], "--workers is 0, expected 1 or more processes"),
        (["--seed", "-1"], "--seed is -1, expected 0.."),
        (["--width", "10"], "--width is 10, expected 64..1920 pixels"),
        (["--height", "5000"], "--height is 5000, expected 64..1200 pixels"),
        (["--views", "99"], "--views is 99, expected 1..16 images per scene"),
    ],
)
def test_a_bad_argument_gets_one_sentence(arguments: list[str], sentence: str, tmp_path: Path):
    result = CliRunner().invoke(app, ["scenes", str(tmp_path / "out"), *arguments])
    assert result.exit_code == 1
    assert sentence in " ".join(result.output.split())
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


def test_an_output_that_is_a_file_gets_one_sentence(tmp_path: Path):
    (tmp_path / "out").write_text("")
    result = CliRunner().invoke(app, ["scenes", str(tmp_path / "out"), "--count", "1", *COMMAND])
    assert result.exit_code == 1
    assert "out/train: Not a directory" in result.output.replace("\n", "")


def test_the_command_writes_a_preview_and_tells_the_speed(tmp_path: Path):
    sheet = tmp_path / "sheet.png"
    arguments = ["scenes", str(tmp_path), "--count", "3", "--workers", "1", "--preview", str(sheet), *COMMAND]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "3 of them new" in " ".join(result.output.split())
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 0, again.output  # an earlier preview is replaced
    assert cv2.imread(str(sheet)).shape == (300, 1600, 3)


def test_a_backend_that_mujoco_does_not_know_gets_one_sentence(tmp_path: Path):
    command = [sys.executable, "-m", "osis_ros.cli", "scenes", str(tmp_path), "--count", "1"]
    result = subprocess.run(
        command, env={"MUJOCO_GL": "paper", "PATH": ""}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "MUJOCO_GL='paper'" in result.stderr
    assert "Traceback" not in result.stderr
