"""`osis masks`: masks in given boxes, by the object's own embedding or by a class."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from decisive_network import CLASS_NAMES, HEIGHT, WIDTH, decisive_network
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.coco.annotations import read_ground_truth
from osis_ros.coco.rle import decode, encode
from osis_ros.training import box_masks
from osis_ros.training.checkpoint import save_checkpoint
from osis_ros.training.mask_quality import drawn_in_boxes

BOXES = [[10, 12, 50, 58], [64, 0, 64, 50], [30.5, 40.2, 59.6, 55.7]]  # x, y, width, height
MASK = encode(np.ones((40, 30), bool), (20, 20), (HEIGHT, WIDTH))


def labelled(*changes: dict) -> dict:
    """One image with three boxes: of a class of the network, of another category, and of none."""
    entries = [{"id": 7 + i, "image_id": 1, "bbox": box, "category_id": i} for i, box in enumerate(BOXES, 1)]
    del entries[2]["category_id"]
    for entry, change in zip(entries, changes, strict=False):
        entry |= change
    categories = [{"id": 1, "name": CLASS_NAMES[1]}, {"id": 2, "name": "ball"}]
    image = {"id": 1, "file_name": "1.png", "height": HEIGHT, "width": WIDTH, "camera": "left"}
    return {"images": [image], "annotations": entries, "categories": categories, "licenses": ["mine"]}


@pytest.fixture
def folder(tmp_path, model, picture) -> Path:
    save_checkpoint(tmp_path / "weights.safetensors", model, {})
    cv2.imwrite(str(tmp_path / "1.png"), picture[..., ::-1])
    return tmp_path


def run(folder: Path, content: dict, *options: str) -> str:
    (folder / "boxes.json").write_text(json.dumps(content))
    files = ("--boxes", folder / "boxes.json", "--images", folder, "--output", folder / "masks.json")
    arguments = ["masks", folder / "weights.safetensors", *files, "--short-side", HEIGHT, *options]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert "Traceback" not in result.output
    return " ".join(result.output.split()) + f" {result.exit_code}"


def written(folder: Path) -> dict:
    return json.loads((folder / "masks.json").read_text())


def corners(boxes: list[list[float]]) -> np.ndarray:
    own = np.float32(boxes)
    return np.concatenate((own[:, :2], own[:, :2] + own[:, 2:]), 1)


def test_each_box_without_a_mask_gets_that_of_the_network_and_all_else_stays(folder, model, picture):
    content = labelled({"note": "dented"}, {"segmentation": MASK}, {"segmentation": []})
    assert "2 masks drawn 0" in run(folder, content)
    found, masks = written(folder), drawn_in_boxes(
        model, picture, corners(BOXES), np.array([1, 3, 3]), short_side=HEIGHT, long_side=1333
    )[0]  # fmt: skip
    assert {key: found[key] for key in ("images", "categories", "licenses")} == {
        key: content[key] for key in ("images", "categories", "licenses")
    }
    first, second, third = found["annotations"]
    assert second == content["annotations"][1]
    for entry, before, mask in (
        (first, content["annotations"][0], masks[0]),
        (third, content["annotations"][2], masks[2]),
    ):
        assert (decode(entry["segmentation"]) != mask).mean() < 0.001  # weights in half precision
        assert entry["area"] == decode(entry["segmentation"]).sum() > 0
        assert entry["mask_score"] == 1  # this network estimates none
        assert {**entry, "segmentation": 0} == {
            **before, "segmentation": 0, "area": entry["area"], "iscrowd": 0, "mask_score": 1
        }  # fmt: skip
    found["annotations"][2]["category_id"] = 2
    (folder / "again.json").write_text(json.dumps(found))
    assert len(read_ground_truth(folder / "again.json").objects) == 3
    assert "3 masks drawn 0" in run(folder, content, "--redraw")  # the earlier result is replaced
    assert written(folder)["annotations"][1]["segmentation"] != MASK


def test_a_name_puts_the_centre_of_its_class_in_the_place_of_the_objects_own_embedding(model, picture):
    """Where the embedding is the centre already nothing changes; the published embedding stays the object's own."""
    boxes, image = torch.from_numpy(corners(BOXES)), torch.from_numpy(picture).permute(2, 0, 1)[None]
    ids, size = torch.tensor([1, 3, 0]), [(HEIGHT, WIDTH)]
    with torch.no_grad():
        plain, unnamed, named = (
            model.segment_boxes(image, size, [boxes], [ids], chosen)[0]
            for chosen in (None, [torch.zeros(3, dtype=bool)], [torch.tensor([True, False, False])])
        )
        levels = model.pyramid(model.backbone.normalise(image, size))
        rois = torch.cat((torch.zeros(3, 1), boxes), 1)
        semantics = model.describe(model.pool_boxes(levels, rois))
        semantics.z[0] = F.normalize(model.embedding.centres)[1]
        expected = (model.masks(levels, rois, semantics) - model.config.mask.threshold_logit).sigmoid()
    torch.testing.assert_close(unnamed.masks, plain.masks)
    torch.testing.assert_close(named.masks, expected)
    assert (named.masks[0] - plain.masks[0]).abs().max() > 0.01
    torch.testing.assert_close(named.embeddings, plain.embeddings)
    torch.testing.assert_close(named.distances, plain.distances)


def test_by_name_changes_the_masks_of_that_class_alone(folder):
    run(folder, labelled())
    own = [entry["segmentation"] for entry in written(folder)["annotations"]]
    assert "3 masks drawn 0" in run(folder, labelled(), "--by-name", CLASS_NAMES[1])
    by_name = [entry["segmentation"] for entry in written(folder)["annotations"]]
    assert [a == b for a, b in zip(own, by_name, strict=True)] == [False, True, True]


def test_the_score_is_the_estimated_iou_where_the_network_makes_one(picture):
    network = decisive_network(HEIGHT, WIDTH, on_crops=True)
    scores = drawn_in_boxes(network, picture, corners(BOXES), np.array([3, 3, 3]), short_side=HEIGHT, long_side=1333)[1]
    assert ((scores > 0) & (scores < 1)).all()
    assert len(set(scores.tolist())) == 3


def test_a_box_that_leaves_the_image_is_clipped_and_an_empty_list_stays_empty(folder):
    assert "3 masks drawn 0" in run(folder, labelled({"bbox": [-20, -10, 80, 80]}))
    inside = decode(written(folder)["annotations"][0]["segmentation"])
    assert not inside[71:].any()
    assert not inside[:, 61:].any()
    assert "0 masks drawn 0" in run(folder, labelled() | {"annotations": []})
    assert written(folder)["annotations"] == []


@pytest.mark.parametrize(
    ("change", "options", "reason"),
    [
        ({"bbox": [200, 0, 10, 10]}, (), "annotation 8: bbox [200, 0, 10, 10] has no pixel of its 128x96 image 1"),
        ({"bbox": [1, 1, 0, 5]}, (), "has no pixel of its"),
        ({"bbox": [1, 2, 3]}, (), "annotation 8 (image 1): bbox is [1, 2, 3], expected [x, y, width, height]"),
        ({"image_id": 5}, (), "annotation 8: image_id 5 is not among the file's 1 images"),
        ({"category_id": [3]}, (), "annotation 8: category_id [3] is not among the file's categories; leave it out"),
        ({}, ("--by-name", "mug"), "the network has no class 'mug', it has bowl, cup, drill"),
        ({}, ("--by-name", "bowl"), "--by-name bowl: no box that wants a mask is of that category"),
    ],
)
def test_what_does_not_fit_is_one_sentence_and_nothing_is_written(folder, change, options, reason):
    output = run(folder, labelled(change), *options)
    assert reason in output
    assert output.endswith(" 1")
    assert not (folder / "masks.json").exists()


def test_what_is_no_earlier_result_is_not_replaced(folder):
    (folder / "masks.json").write_text("mine")
    assert "masks.json exists and is not an earlier file of `osis masks`" in run(folder, labelled())
    assert (folder / "masks.json").read_text() == "mine"


def test_a_run_that_is_interrupted_leaves_no_half_file_and_goes_on_where_it_was(folder, picture, monkeypatch):
    cv2.imwrite(str(folder / "2.png"), picture[..., ::-1])
    content = labelled({}, {"image_id": 2}, {"image_id": 2})
    content["images"] += [content["images"][0] | {"id": 2, "file_name": "2.png"}]
    drawn, draw = [], box_masks.drawn_in_boxes

    def interrupted(*arguments: object, **options: object) -> object:
        drawn.append(len(arguments[2]))
        if len(drawn) == 2:
            raise KeyboardInterrupt
        return draw(*arguments, **options)

    monkeypatch.setattr(box_masks, "drawn_in_boxes", interrupted)
    run(folder, content)
    assert drawn == [1, 2]
    assert not (folder / "masks.json").exists()
    assert "3 masks drawn 0" in run(folder, content)
    assert drawn == [1, 2, 2]  # the first image was not drawn again
    assert not (folder / "masks.json.part").exists()
