"""A checkpoint over a data set at the paper's image size: results that `osis evaluate` scores."""

import json

import cv2
import numpy as np
import pytest
import torch
from decisive_network import CLASS_NAMES, HEIGHT, WIDTH
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.coco.rle import encode
from osis_ros.training.checkpoint import save_checkpoint
from osis_ros.training.detect import image_segmenter
from osis_ros.training.scaled_input import scaled_input


@pytest.mark.parametrize(
    ("size", "inner", "padded"),
    [((427, 640), (800, 1199), (800, 1216)), ((640, 427), (1199, 800), (1216, 800)),
     ((300, 900), (444, 1333), (448, 1344))],
)  # fmt: skip
def test_sides_are_the_papers_whichever_way_the_image_stands(size, inner, padded):
    image, inside = scaled_input(np.full((*size, 3), 200, np.uint8), 800, 1333)
    assert inside == inner
    assert image.shape == (1, 3, *padded)
    assert (image[:, :, : inner[0], : inner[1]] == 200).all()
    assert image.sum() == 200 * 3 * inner[0] * inner[1]


def test_at_the_images_own_size_it_is_the_network(model, picture):
    found = image_segmenter(model, HEIGHT, 1333)(picture)
    with torch.no_grad():
        (direct,) = model(torch.from_numpy(picture).permute(2, 0, 1)[None], [(HEIGHT, WIDTH)])
    assert len(found) == len(direct.scores) > 0
    np.testing.assert_allclose(found.boxes, direct.boxes.numpy(), atol=1e-4)
    np.testing.assert_array_equal(found.class_ids, direct.class_ids.numpy())
    np.testing.assert_array_equal(found.scores, direct.scores.numpy())


def test_boxes_and_masks_are_in_pixels_of_the_image_as_it_came(model, picture):
    small, large = (image_segmenter(model, side, 1333)(picture) for side in (HEIGHT, 2 * HEIGHT))
    assert len(large)
    for found in (small, large):
        assert found.boxes[:, 2].max() <= WIDTH
        assert (found.height, found.width) == (HEIGHT, WIDTH)
        assert any(mask.any() for mask in found.masks)


def test_the_command_writes_what_evaluate_scores(model, picture, tmp_path, monkeypatch):
    save_checkpoint(tmp_path / "weights.safetensors", model, {})
    cv2.imwrite(str(tmp_path / "1.png"), picture[..., ::-1])
    mask = encode(np.ones((40, 30), bool), (20, 20), (HEIGHT, WIDTH))
    truth = {
        "images": [{"id": 1, "file_name": "1.png", "height": HEIGHT, "width": WIDTH}],
        "categories": [{"id": i, "name": name} for i, name in enumerate((CLASS_NAMES[1], "ball"), 1)],
        "annotations": [{"id": i, "image_id": 1, "category_id": i, "segmentation": mask} for i in (1, 2)],
    }
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    where = ["--ground-truth", str(tmp_path / "truth.json"), "--images", str(tmp_path)]
    results = tmp_path / "found.json"

    def detect(*more: str) -> list[dict]:
        arguments = [
            "detect",
            str(tmp_path / "weights.safetensors"),
            *where,
            "--output",
            str(results),
            "--short-side",
            "96",
        ]
        result = CliRunner().invoke(app, [*arguments, *more])
        assert result.exit_code == 0, result.output
        assert not (tmp_path / "found.json.part").exists()
        return json.loads(results.read_text())["detections"]

    everything = detect()
    assert len(everything) > len(detect("--score-threshold", "0.5")) > 0
    assert {d["category_id"] for d in detect("--unknown-threshold", "0")} == {1000}
    monkeypatch.setattr(model, "config", model.config.replace(decision={"unknown_by": "odds"}))
    save_checkpoint(tmp_path / "odds.safetensors", model, {})
    arguments = ["detect", str(tmp_path / "odds.safetensors"), *where, "--output", str(tmp_path / "new.json")]
    refused = CliRunner().invoke(app, [*arguments, "--unknown-threshold", "1.5"])
    assert (refused.exit_code, "Traceback" in refused.output) == (1, False)
    assert "unknown_threshold is 1.5, expected 0..1" in " ".join(refused.output.split())
    arguments = ["evaluate", *where[:2], "--detections", str(results), "--known", CLASS_NAMES[1]]
    scored = CliRunner().invoke(app, arguments)
    assert scored.exit_code == 0, scored.output
