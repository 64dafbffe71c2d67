"""Image files in, overlays and JSON out; `osis segment`."""

import json
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from colour_model import colour_bundle
from jpeg_files import jpeg
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.coco.rle import decode
from osis_ros.errors import ImageError
from osis_ros.inference import image_file, overlay
from osis_ros.inference.image_file import read_image, read_label_image
from osis_ros.inference.overlay import UNKNOWN_COLOUR, class_colour, draw_overlay, track_colour
from osis_ros.instances import Instances


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return colour_bundle(tmp_path_factory.mktemp("bundle") / "colour").path


def save(file: Path, image: np.ndarray) -> Path:
    """`image` in OpenCV's order (BGR, BGRA or grey)."""
    cv2.imwrite(str(file), image)
    return file


def test_colours_are_read_as_rgb(tmp_path):
    file = save(tmp_path / "a.png", np.full((3, 4, 3), (0, 0, 255), np.uint8))
    assert read_image(file).tolist() == [[[255, 0, 0]] * 4] * 3


def test_grey_alpha_and_16_bits_become_8_bit_rgb(tmp_path):
    assert read_image(save(tmp_path / "grey.png", np.full((2, 2), 77, np.uint8)))[0, 0].tolist() == [77, 77, 77]
    bgra = np.full((2, 2, 4), (1, 2, 3, 0), np.uint8)
    assert read_image(save(tmp_path / "alpha.png", bgra))[0, 0].tolist() == [3, 2, 1]
    deep = np.full((2, 2, 3), (0x1234, 0x5678, 0x9ABC), np.uint16)
    assert read_image(save(tmp_path / "deep.png", deep))[0, 0].tolist() == [0x9A, 0x56, 0x12]
    assert read_image(save(tmp_path / "deep_grey.png", deep[..., 0]))[0, 0].tolist() == [0x12] * 3


def test_a_photograph_taken_upright_is_turned_upright(tmp_path):
    (tmp_path / "upright.jpg").write_bytes(jpeg(np.zeros((8, 16, 3), np.uint8), orientation=6))  # 90° clockwise
    assert read_image(tmp_path / "upright.jpg").shape == (16, 8, 3)


def test_sizes_from_one_pixel_to_twelve_million_are_read(tmp_path):
    assert read_image(save(tmp_path / "one.png", np.zeros((1, 1, 3), np.uint8))).shape == (1, 1, 3)
    assert read_image(save(tmp_path / "big.jpg", np.zeros((3000, 4000, 3), np.uint8))).shape == (3000, 4000, 3)


def test_what_is_no_image_is_told_in_a_sentence(tmp_path):
    whole = save(tmp_path / "whole.png", np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8)).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.jpg").write_text("no picture")
    for name, reason in {
        "gone.png": r"gone\.png does not exist",
        "empty.png": r"empty\.png is empty, expected an image",
        "text.jpg": r"text\.jpg cannot be decoded \(10 bytes\): damaged or not an image",
        "cut.png": r"cut\.png is a PNG of \d+ bytes that was cut off: its end is missing; copy it again",
        ".": "is a folder, expected an image file",
    }.items():
        with pytest.raises(ImageError, match=reason):
            read_image(tmp_path / name)


def test_a_cut_jpeg_is_refused_although_opencv_4_gives_a_picture(tmp_path, monkeypatch):
    """OpenCV 4 decodes it: its last rows hold whatever was in memory."""
    whole = jpeg(np.full((40, 40, 3), 9, np.uint8), thumbnail=jpeg(np.zeros((8, 8, 3), np.uint8)))
    (tmp_path / "cut.jpg").write_bytes(whole[:-20])
    monkeypatch.setattr(cv2, "imdecode", lambda *_: np.zeros((40, 40, 3), np.uint8))
    with pytest.raises(ImageError, match=r"cut\.jpg is a JPEG of \d+ bytes that was cut off: its end is missing"):
        read_image(tmp_path / "cut.jpg")


def test_a_label_image_is_read_as_it_is_stored(tmp_path):
    labels = np.arange(600, dtype=np.uint16).reshape(20, 30)
    np.testing.assert_array_equal(read_label_image(save(tmp_path / "labels.png", labels)), labels)
    with pytest.raises(ImageError, match=r"rgb\.png has 3 channels, expected a label image of one"):
        read_label_image(save(tmp_path / "rgb.png", np.zeros((2, 2, 3), np.uint8)))


def test_threads_that_read_at_once_leave_opencvs_log_as_it_was(tmp_path, monkeypatch):
    file = save(tmp_path / "a.png", np.zeros((2, 2, 3), np.uint8))
    before, decode_now = image_file.LOG.getLogLevel(), cv2.imdecode
    first_is_inside, first_may_end = threading.Event(), threading.Event()

    def decode_slowly(*arguments):
        if threading.current_thread() is first:
            first_is_inside.set()
            assert first_may_end.wait(30)
        else:  # the second is inside as the first leaves
            first_may_end.set()
            first.join()
        return decode_now(*arguments)

    monkeypatch.setattr(cv2, "imdecode", decode_slowly)
    first = threading.Thread(target=read_image, args=(file,))
    first.start()
    assert first_is_inside.wait(30)
    read_image(file)
    assert image_file.LOG.getLogLevel() == before


def two_things(height=160, width=200, name="cup"):
    return Instances(
        boxes=[[10, 10, 30, 30], [40, 20, 70, 50]], scores=[0.9, 0.8], class_ids=[0, 1], distances=[0.01, 0.5],
        embeddings=np.zeros((2, 0)), rois=[[10, 10, 20, 20], [40, 20, 30, 30]],
        masks=(np.ones((20, 20), bool), np.ones((30, 30), bool)), height=height, width=width, class_names=(name,),
    )  # fmt: skip


def test_an_overlay_tints_what_is_found_and_leaves_the_rest():
    image = np.full((160, 200, 3), 100, np.uint8)
    drawn = draw_overlay(image, two_things())
    assert (image == 100).all()  # a copy is drawn on
    cup = drawn[25, 25].astype(int)  # 100 · 0.55 + colour · 0.45
    np.testing.assert_allclose(cup, 55 + 0.45 * np.array(class_colour(0)), atol=1)
    assert (drawn[100:] == 100).all()


def test_an_unknown_thing_is_hatched_in_its_own_colour():
    drawn = draw_overlay(np.full((160, 200, 3), 100, np.uint8), two_things())
    inside = drawn[35:46, 44:66].reshape(-1, 3).astype(int)
    stripe = 55 + 0.45 * np.array(UNKNOWN_COLOUR)
    tinted = np.abs(inside - stripe).max(1) <= 1
    assert 0.3 < tinted.mean() < 0.7
    assert (inside[~tinted] == 100).all()


def squares(class_ids: list[int], side: int = 200) -> Instances:
    """Instances that all cover the same square, the best first."""
    count = len(class_ids)
    return Instances(
        boxes=[[0, 0, side, side]] * count, scores=np.linspace(1, 0.5, count), class_ids=class_ids,
        distances=np.zeros(count), embeddings=np.zeros((count, 0)), rois=[[0, 0, side, side]] * count,
        masks=(np.ones((side, side), bool),) * count, height=side, width=side,
        class_names=tuple(f"class {i}" for i in range(max(class_ids) + 1)),
    )  # fmt: skip


def test_the_best_of_masks_that_overlap_is_on_top():
    image = np.full((200, 200, 3), 100, np.uint8)
    for class_ids in ([2, 1], [1, 2], list(range(1, 300))):  # the last: more colours than a table holds
        shown = draw_overlay(image, squares(class_ids))[50, 100]  # where no label can be
        np.testing.assert_allclose(shown, 55 + 0.45 * np.array(class_colour(class_ids[0])), atol=1)


def test_known_colours_are_distinct_and_none_is_the_unknown_one():
    colours = np.array([class_colour(i) for i in range(12)] + [UNKNOWN_COLOUR], int)
    distances = np.linalg.norm(colours[:, None] - colours[None], axis=2) + 1e3 * np.eye(13)
    assert distances.min() > 40


def test_a_tracked_thing_has_its_tracks_colour_and_number():
    image = np.full((160, 200, 3), 100, np.uint8)
    plain, tracked = two_things(), two_things().replaced(track_ids=[7, 0], track_states=[2, 1])
    without, drawn = draw_overlay(image, plain), draw_overlay(image, tracked)
    assert (drawn[25, 25] == without[25, 25]).all(), "the mask keeps its class's colour"
    plates = [int((picture == track_colour(7)).all(-1).sum()) for picture in (without, drawn)]
    assert plates[0] == 0 < 100 < plates[1]
    again = tracked.replaced(class_ids=[1, 0])
    assert (draw_overlay(image, again) == track_colour(7)).all(-1).sum() > 100, "whatever it is taken for"
    untracked = plain.replaced(track_ids=[0, 0], track_states=[1, 1])
    assert (draw_overlay(image, untracked) == without).all()


def test_neighbouring_tracks_differ_in_colour():
    colours = np.array([track_colour(number) for number in range(1, 13)], int)
    distances = np.linalg.norm(colours[:, None] - colours[None], axis=2) + 1e3 * np.eye(12)
    assert distances.min() > 30


def test_an_overlay_of_one_pixel_and_of_nothing_is_drawn():
    pixel = Instances(
        boxes=[[0, 0, 1, 1]], scores=[1], class_ids=[0], distances=[0], embeddings=np.zeros((1, 0)),
        rois=[[0, 0, 1, 1]], masks=(np.ones((1, 1), bool),), height=1, width=1, class_names=("cup",),
    )  # fmt: skip
    assert draw_overlay(np.zeros((1, 1, 3), np.uint8), pixel).shape == (1, 1, 3)
    image = np.full((4, 5, 3), 7, np.uint8)
    assert (draw_overlay(image, Instances.empty(4, 5, ("cup",))) == image).all()


@pytest.mark.parametrize(
    ("name", "drawn_as"),
    [("Schüssel", "Schussel"), ("œuf à la coque", "oeuf a la coque"), ("红杯子", "class 0"), ("cup", "cup")],
)
def test_a_font_of_ascii_alone_draws_no_question_marks(name, drawn_as, monkeypatch):
    image = np.zeros((160, 200, 3), np.uint8)
    plain = draw_overlay(image, two_things(name=drawn_as))
    monkeypatch.setattr(overlay, "FONT_IS_UNICODE", False)  # as OpenCV 4's
    assert (draw_overlay(image, two_things(name=name)) == plain).all()


def test_a_name_is_drawn_in_its_own_script_where_the_font_has_it():
    image = np.zeros((160, 200, 3), np.uint8)
    drawn = [draw_overlay(image, two_things(name=name)) for name in ("红杯子", "???", "?????????", "class 0")]
    if overlay.FONT_IS_UNICODE:
        assert not any((drawn[0] == other).all() for other in drawn[1:])
    else:
        assert (drawn[0] == drawn[3]).all()


def test_an_overlay_wants_the_image_of_its_instances():
    with pytest.raises(ValueError, match="the image is 5x4, the instances are of one that is 200x160"):
        draw_overlay(np.zeros((4, 5, 3), np.uint8), two_things())


def segment(*arguments: object):
    return CliRunner().invoke(app, ["segment", *map(str, arguments)])


def scene(tmp_path: Path, name: str = "scene.png") -> Path:
    image = np.full((479, 641, 3), 60, np.uint8)
    image[100:200, 300:500] = (0, 0, 255)
    image[300:400, 100:200] = (255, 0, 0)
    return save(tmp_path / name, image)


def test_segment_writes_an_overlay_and_coco_rle(tmp_path, model):
    result = segment(scene(tmp_path), "--model", model, "--output", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "scene.png: 1 known, 1 unknown" in result.output
    record = json.loads((tmp_path / "out" / "scene.json").read_text())
    assert (record["height"], record["width"], record["class_names"]) == (479, 641, ["red", "green"])
    found = {thing["class_name"]: thing for thing in record["instances"]}
    truth = np.zeros((479, 641), bool)
    truth[100:200, 300:500] = True
    mask = decode(found["red"]["segmentation"])
    assert (mask & truth).sum() / (mask | truth).sum() > 0.95
    assert mask.sum() == found["red"]["area"]
    np.testing.assert_allclose(found["red"]["bbox"], [300, 100, 200, 100], atol=6)
    assert found["unknown"]["unknown"] is True
    assert read_image(tmp_path / "out" / "scene.overlay.png").shape == (479, 641, 3)


def test_segment_names_a_bad_file_and_does_the_others(tmp_path, model):
    photographs = tmp_path / "photographs"
    photographs.mkdir()
    scene(photographs, "b.png")
    (photographs / "a.png").write_bytes(b"junk")
    (photographs / "notes.txt").write_text("not an image and not asked for")
    result = segment(photographs, "--model", model, "--output", tmp_path / "out", "--no-overlays")
    assert result.exit_code == 1
    assert "a.png cannot be decoded" in result.output
    assert "1 of 2 images segmented" in result.output
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["b.json"]


def test_files_of_one_name_do_not_overwrite_each_other(tmp_path, model):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        scene(tmp_path / folder)
    segment(tmp_path / "one", tmp_path / "two", "--model", model, "--output", tmp_path / "out")
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == ["scene.json", "scene.overlay.png", "scene_2.json", "scene_2.overlay.png"]


def test_a_file_that_is_no_earlier_result_is_kept(tmp_path, model, monkeypatch):
    """photo.json beside photo.png is where labelme keeps outlines drawn by hand."""
    monkeypatch.chdir(tmp_path)
    scene(tmp_path, "photo.png")
    scene(tmp_path, "other.png")
    (tmp_path / "photo.json").write_text('{"version": "5.0", "shapes": []}')
    result = segment(".", "--model", model, "--output", ".")
    assert result.exit_code == 1
    assert "photo.json exists and is no earlier result of osis segment; choose another --output" in result.output
    assert "1 of 2 images segmented" in result.output
    assert (tmp_path / "photo.json").read_text() == '{"version": "5.0", "shapes": []}'
    assert not (tmp_path / "photo.overlay.png").exists()


def test_an_overlay_that_is_no_earlier_result_is_kept(tmp_path, model):
    (tmp_path / "out").mkdir()
    theirs = save(tmp_path / "out" / "scene.overlay.png", np.zeros((2, 2, 3), np.uint8)).read_bytes()
    result = segment(scene(tmp_path), "--model", model, "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert "scene.overlay.png exists and is no earlier result" in result.output
    assert (tmp_path / "out" / "scene.overlay.png").read_bytes() == theirs


def test_a_second_run_replaces_its_results_and_segments_no_overlay(tmp_path, model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scene(tmp_path)
    for _ in range(2):
        result = segment(".", "--model", model, "--output", ".")
        assert result.exit_code == 0, result.output
        assert "1 of 1 images segmented" in result.output
    assert sorted(file.name for file in tmp_path.iterdir()) == ["scene.json", "scene.overlay.png", "scene.png"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--model", "nonesuch"], "model bundle 'nonesuch' does not exist"),
        (["--score-threshold", "2"], "score_threshold is 2.0, expected 0..1"),
        (["--provider", "tpu"], "provider is 'tpu', expected one of"),
    ],
)
def test_a_wrong_option_is_one_sentence(tmp_path, model, arguments, reason):
    result = segment(scene(tmp_path), "--model", model, "--output", tmp_path / "out", *arguments)
    assert result.exit_code == 1
    assert reason in result.output
    assert "Traceback" not in result.output


def test_a_folder_without_images_is_said(tmp_path, model):
    (tmp_path / "nothing").mkdir()
    result = segment(tmp_path / "nothing", "--model", model)
    assert result.exit_code == 1
    assert "no images in" in result.output


def test_a_folder_that_cannot_be_read_is_said(tmp_path, model, monkeypatch):
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "closed").mkdir()
    monkeypatch.setattr(Path, "iterdir", refuse)  # whoever runs the tests may be root, whom no folder refuses
    result = segment(tmp_path / "closed", "--model", model)
    assert result.exit_code == 1
    assert "closed cannot be read: Permission denied" in result.output
    assert len(result.output.splitlines()) == 1


def test_an_output_that_cannot_be_written_is_said(tmp_path, model):
    (tmp_path / "out").write_text("a file is in the way")
    result = segment(scene(tmp_path), "--model", model, "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert "is a file, expected a folder to write" in result.output.replace("\n", " ")
