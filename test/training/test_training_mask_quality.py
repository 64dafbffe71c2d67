"""Table IV with a checkpoint: masks on given boxes, in the image as it came."""

import json

import cv2
import numpy as np
import torch
from decisive_network import CLASS_NAMES, HEIGHT, WIDTH
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.coco.rle import encode
from osis_ros.inference.paste import paste_masks
from osis_ros.training.checkpoint import save_checkpoint
from osis_ros.training.mask_quality import box_segmenter

BOXES = np.float32([[10, 12, 60, 70], [64, 0, 128, 50], [30.5, 40.2, 90.1, 95.9]])


def test_at_the_images_own_size_it_is_the_network_and_the_pasting_alone(model, picture):
    masks = box_segmenter(model, [0, 1, 2], HEIGHT, 1333)(picture, BOXES, np.array([0, 3, 1]))
    with torch.no_grad():
        image = torch.from_numpy(picture).permute(2, 0, 1)[None]
        direct = model.segment_boxes(image, [(HEIGHT, WIDTH)], [torch.from_numpy(BOXES)], [torch.tensor([0, 3, 1])])[0]
    rois, crops = paste_masks(direct.masks.numpy(), BOXES, HEIGHT, WIDTH)
    assert len(masks) == 3
    for mask, crop, (x, y, w, h) in zip(masks, crops, rois.tolist(), strict=True):
        assert mask.sum() == crop.sum() > 0
        assert np.array_equal(mask[y : y + h, x : x + w], crop)


def test_masks_come_in_the_order_of_the_boxes_and_inside_them(model, picture):
    segment = box_segmenter(model, [0, 1, 2], 192, 1333)  # twice the image's size
    masks = segment(picture, BOXES, np.array([0, 3, 1]))
    backwards = segment(picture, BOXES[::-1].copy(), np.array([1, 3, 0]))
    for mask, again, box in zip(masks, backwards[::-1], BOXES, strict=True):
        assert mask.shape == (HEIGHT, WIDTH)
        assert (mask != again).mean() < 0.001
        x0, y0, x1, y1 = box
        rows, columns = np.nonzero(mask)
        assert x0 - 1 < columns.min() <= columns.max() < x1 + 1
        assert y0 - 1 < rows.min() <= rows.max() < y1 + 1


def test_the_command_scores_a_checkpoint_and_its_report_fits_table_four(model, picture, tmp_path):
    save_checkpoint(tmp_path / "weights.safetensors", model, {})
    cv2.imwrite(str(tmp_path / "1.png"), picture[..., ::-1])
    classes = (CLASS_NAMES[1], "ball")
    truth = {
        "images": [{"id": 1, "file_name": "1.png", "height": HEIGHT, "width": WIDTH}],
        "categories": [{"id": i, "name": name} for i, name in enumerate(classes, 1)],
        "annotations": [
            {"id": i, "image_id": 1, "category_id": i,
             "segmentation": encode(np.ones((40, 30), bool), (20 * i, 20), (HEIGHT, WIDTH))}
            for i in (1, 2)
        ],
    }  # fmt: skip
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    arguments = ["mask-quality", str(tmp_path / "weights.safetensors"), "--ground-truth", str(tmp_path / "truth.json")]
    arguments += ["--images", str(tmp_path), "--short-side", "96", "--json", str(tmp_path / "report.json")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["known_classes"] == [CLASS_NAMES[1]]
    assert report["per_class"]["unknown"]["detections"] == report["per_class"][CLASS_NAMES[1]]["detections"] == 1
    assert 0 <= report["unknown"]["AP"] <= 100
    file = tmp_path / "report.json"
    tables = CliRunner().invoke(app, ["tables", "IV", f"ours={file},{file}"])
    assert tables.exit_code == 0, tables.output


def test_a_checkpoint_that_is_none_is_one_sentence(tmp_path):
    (tmp_path / "truth.json").write_text(json.dumps({"images": [], "annotations": [], "categories": []}))
    arguments = ["mask-quality", str(tmp_path / "absent.ckpt"), "--ground-truth", str(tmp_path / "truth.json")]
    result = CliRunner().invoke(app, [*arguments, "--images", str(tmp_path)])
    assert result.exit_code == 1
    assert "absent.ckpt is not a file" in result.output
