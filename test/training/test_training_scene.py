"""GOSS's network from pictures to figures: train, export, run without PyTorch, score."""

import json

import cv2
import numpy as np
import pytest
import torch
from shapes import tiny_run
from torchvision.transforms import v2
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.inference.bundle import Bundle
from osis_ros.inference.label_image import label_image
from osis_ros.inference.manifest import BundleError
from osis_ros.inference.segmenter import Segmenter
from osis_ros.training.checkpoint import load_checkpoint
from osis_ros.training.config import TrainConfig, load_config
from osis_ros.training.data import Samples, collate, read_source
from osis_ros.training.detect import image_segmenter
from osis_ros.training.export import export_bundle, round_to_half
from osis_ros.training.fit import fit
from osis_ros.training.model.build import build_detector

HEIGHT, WIDTH = 96, 128
CATEGORIES = (("square", 1, "known"), ("ground", 0, "known"), ("disc", 1, "unknown"))


def scene_run(**changes) -> TrainConfig:
    model = {"preset": "tabletop", "system": "goss", "class_names": ("square", "ground"), "channels": 16,
             "scene": {"small_pixels": 0}}  # fmt: skip
    return tiny_run(**{"model": model, "steps": 2, **changes})


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """Yellow squares, known, and red discs, unknown, on a grey ground; each pixel has a label."""
    root = tmp_path_factory.mktemp("scenes")
    random = np.random.default_rng(0)
    images, annotations = [], []
    rows, columns = np.indices((HEIGHT, WIDTH))
    for number in range(6):
        picture = random.integers(100, 120, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        x, y = random.integers(4, 20, 2).tolist()
        square = (rows >= y) & (rows < y + 44) & (columns >= x) & (columns < x + 44)
        disc = (rows - 52) ** 2 + (columns - 96 + x // 4) ** 2 <= 22**2
        picture[square], picture[disc] = (40, 220, 240), (160, 30, 20)
        cv2.imwrite(str(root / f"{number}.png"), picture)
        images.append({"id": number, "file_name": f"{number}.png", "height": HEIGHT, "width": WIDTH})
        for category, mask in enumerate((square, ~(square | disc), disc), 1):
            runs = np.diff(np.flatnonzero(np.diff(np.r_[2, mask.T.ravel(), 2])), append=[mask.size])
            counts = [*([0] if mask[0, 0] else []), *runs.tolist()]
            annotations.append({
                "id": len(annotations), "image_id": number, "category_id": category,
                "segmentation": {"size": [HEIGHT, WIDTH], "counts": counts},
            })  # fmt: skip
    categories = [
        {"id": i, "name": name, "isthing": thing, "open_set": mark}
        for i, (name, thing, mark) in enumerate(CATEGORIES, 1)
    ]
    (root / "a.json").write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return root


@pytest.fixture(scope="module")
def checkpoint(scenes, tmp_path_factory):
    return fit(scene_run(), scenes, tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def bundle(checkpoint, tmp_path_factory) -> Bundle:
    return export_bundle(checkpoint, tmp_path_factory.mktemp("models") / "scene", height=HEIGHT, width=WIDTH)


@pytest.fixture(scope="module")
def picture(scenes) -> np.ndarray:
    return cv2.imread(str(scenes / "0.png"))[..., ::-1].copy()


def two_pictures(scenes) -> tuple:
    """A batch of the first two, as they are."""
    config = scene_run()
    samples = Samples(read_source(config.train["shapes"], scenes, config.model.class_names), v2.Identity())
    return collate([samples[number, 0] for number in range(2)])


def test_it_learns_classes_and_directions(scenes):
    """A few steps on two pictures: most pixels get their class, and the directions are learnt."""
    torch.manual_seed(0)
    config = scene_run()
    images, sizes, targets = two_pictures(scenes)
    model = build_detector(config.model).train()
    optimiser = torch.optim.Adam(model.parameters(), 5e-3)
    losses = []
    for _ in range(25):
        optimiser.zero_grad()
        losses.append(model(images, sizes, targets))
        sum(losses[-1].values()).backward()
        optimiser.step()
    assert losses[-1].keys() == {"loss_classes", "loss_boundary", "loss_contrast"}
    assert losses[-1]["loss_classes"] < losses[0]["loss_classes"] / 3
    assert losses[-1]["loss_boundary"] < losses[0]["loss_boundary"] * 0.8
    with torch.no_grad():
        found = model.label(images, sizes, 0.5)
    for labels, target in zip(found, targets, strict=True):
        for label, mask in zip(target["labels"].tolist(), target["masks"].bool(), strict=True):
            assert (labels.labels[mask] == (2 if label < 0 else label)).float().mean() > 0.6


def test_osis_goss_scores_the_bundle(bundle, scenes, tmp_path):
    """With T_u 0 every pixel is unknown, with 1 none."""
    for threshold, absent in ((0, "GQ_known"), (1, "GQ_unknown")):
        done = CliRunner().invoke(app, [
            "goss", "--model", str(bundle.path), "--images", str(scenes), "--ground-truth", str(scenes / "a.json"),
            "--unknown-threshold", str(threshold), "--json", str(tmp_path / "report.json"), "--first", "2",
        ])  # fmt: skip
        assert done.exit_code == 0, done.output
        report = json.loads((tmp_path / "report.json").read_text())
        assert report["goss"][absent] == 0
        assert set(report["goss"]["per_class"]) >= {"square", "unknown"}


def test_the_graph_gives_what_the_network_gives(checkpoint, bundle, picture):
    """At T_u 1 nothing is unknown, so there are known classes alone; at 0 every pixel is unknown."""
    model = load_checkpoint(checkpoint)[0]
    round_to_half(model)
    expected = image_segmenter(model, HEIGHT, WIDTH)(picture)
    segmenter = Segmenter(bundle)
    found = segmenter.segment(picture)
    assert found.class_ids.tolist() == expected.class_ids.tolist()
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-3)
    assert [mask.sum() for mask in found.masks] == pytest.approx([mask.sum() for mask in expected.masks], abs=4)
    assert sum(mask.sum() for mask in found.masks) == HEIGHT * WIDTH
    assert not segmenter.segment(picture, unknown_threshold=1).unknown.any()
    assert segmenter.segment(picture, unknown_threshold=0).unknown.all()
    assert len(segmenter.segment(picture, max_instances=1)) == 1
    assert len(segmenter.segment(picture, score_threshold=1)) == 0


def test_an_image_of_another_shape_is_labelled_whole(bundle, picture):
    tall = np.concatenate((picture, picture[::-1]))
    found = Segmenter(bundle, warm_up=False).segment(tall)
    assert (found.height, found.width) == (2 * HEIGHT, WIDTH)
    assert (label_image(found) > 0).all()


def test_the_card_and_the_manifest_say_what_it_is(bundle):
    assert (bundle.manifest.scene, bundle.manifest.unknown_by, bundle.manifest.embedding_dim) == (True, "odds", 0)
    card = (bundle.path / "README.md").read_text()
    assert "labels every pixel" in card
    assert "GOSS (Hong et al." in card


def test_outputs_have_fixed_sizes_already(checkpoint, tmp_path):
    with pytest.raises(BundleError, match="outputs of fixed size; leave out --static"):
        export_bundle(checkpoint, tmp_path / "static", height=HEIGHT, width=WIDTH, static=True)


@pytest.mark.parametrize("unknown_by", ["msp", "max_logit"])
def test_without_an_unknown_class_a_distance_decides(scenes, picture, unknown_by):
    """N outputs; objects without a class teach nothing. T_u 0.5 is the paper's threshold of 0.5."""
    changes = scene_run().model.model_dump() | {
        "scene": {"unknown_by": unknown_by, "contrast_loss": 0}, "decision": {"unknown_threshold": 0.5},
    }  # fmt: skip
    model = build_detector(scene_run(model=changes).model)
    assert model.train()(*two_pictures(scenes)).keys() == {"loss_classes", "loss_boundary"}
    model.eval()
    assert model.decoder.head[-1].out_channels == 2
    assert model.config.unknown_by == "probability"
    found = image_segmenter(model, HEIGHT, WIDTH)(picture)
    assert ((found.distances > 0.5) == found.unknown).all()


def test_what_says_nothing_of_pixels_is_refused(scenes):
    model = {"system": "goss", "class_names": ["square"]}
    for entry, wrong in (("mask", {"convs": 1}), ("second_look", {}), ("decision", {"nms_iou": 0.3})):
        name = "decision.nms_iou" if entry == "decision" else entry
        changed = {**model, "backbone": "mobilenet_v2", entry: wrong}
        with pytest.raises(ValueError, match=f"{name}: of no effect with scene"):
            scene_run(model=changed)
    with pytest.raises(ValueError, match=r"batch is 1, but model\.scene has batch norm"):
        scene_run(batch=1)


def test_masks_in_given_boxes_are_of_object_finders(checkpoint, scenes):
    done = CliRunner().invoke(app, [
        "mask-quality", str(checkpoint), "--ground-truth", str(scenes / "a.json"), "--images", str(scenes),
    ])  # fmt: skip
    assert done.exit_code == 1
    assert "labels pixels and finds no boxes" in done.output


@pytest.mark.parametrize("preset", ["tabletop-goss"])
def test_presets_are_networks_that_label_pixels(preset):
    config = load_config(preset)
    assert config.model.scene
    assert config.model.frozen_stages == 0
