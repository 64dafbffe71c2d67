"""The exported graph gives what the network gives, on photographs; a checkpoint becomes a bundle, or a sentence."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from decisive_network import decisive_network
from safetensors import safe_open
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.inference.bundle import Bundle, load_bundle
from osis_ros.inference.class_table import ClassTable
from osis_ros.inference.image_file import read_image
from osis_ros.inference.letterbox import Letterbox
from osis_ros.inference.manifest import BundleError
from osis_ros.inference.paste import paste_masks
from osis_ros.inference.segmenter import Segmenter
from osis_ros.instances import Instances
from osis_ros.training.checkpoint import lineage, load_checkpoint, save_checkpoint
from osis_ros.training.export import _padding, _pretrained, reconfigured, round_to_half
from osis_ros.training.export_graph import ExportGraph, export_onnx
from osis_ros.training.export_optimise import pad_outputs
from osis_ros.training.model.backbones import mobilenet
from osis_ros.training.model.backbones.backbone import build_backbone
from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.detector import Detector
from osis_ros.training.model.semseg.detections import Detections
from osis_ros.training.model.semseg.stages import Semantics

HEIGHT, WIDTH = 192, 256
BEFORE = {"name": "before", "backbone_weights": "theirs.pth", "data": "pictures", "steps": 5, "seed": 1, "commit": "d0"}
PROVENANCE = {"config": {"name": "tiny", "backbone_weights": None}, "data": "nothing", "steps": 7, "seed": 3,
              "commit": "abc1234", "init": BEFORE}  # fmt: skip
SHIPPED = Path(__file__).parents[2] / "models" / "tabletop"


@pytest.fixture(scope="module")
def photographs(real_data) -> list[np.ndarray]:
    """8 real images, half of them from a robot's camera."""
    files = [*sorted((real_data / "hsr_ycb").rglob("*.[jp][pn]*g"))[::24][:4]]
    files += sorted((real_data / "coco_mini").rglob("*.[jp][pn]*g"))[::101][:4]
    assert len(files) == 8
    return [read_image(file) for file in files]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Small maps: on a busy machine, threads that wait for each other cost more than they give."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def start(file: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(file, options)


def network_input(rgb: np.ndarray, height: int, width: int) -> np.ndarray:
    """With a camera's noise: two patches of one flat colour would tie, and rounding alone tell which comes first."""
    image = Letterbox.fit(*rgb.shape[:2], height, width).apply(rgb, height, width, (128, 128, 128))
    noise = np.random.default_rng(0).integers(-8, 9, image.shape)
    return (image + noise).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def network() -> Detector:
    model = decisive_network(HEIGHT, WIDTH)
    round_to_half(model)
    return model


@pytest.fixture(scope="module")
def checkpoint(network, tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("run") / "weights.safetensors"
    save_checkpoint(file, network, PROVENANCE)
    return file


@pytest.fixture(scope="module")
def bundle(checkpoint, tmp_path_factory) -> Bundle:
    """Exported by the command, with everything that it takes."""
    place = tmp_path_factory.mktemp("export")
    figure = {"name": "AP_k", "value": 41.5, "data": "Tabletop-OSIS test", "command": "osis evaluate --model tiny"}
    (place / "metrics.json").write_text(json.dumps([figure]))
    (place / "more.md").write_text("## Failures\n\nIt is untrained.\n")
    arguments = [checkpoint, "--output", place / "tiny", "--height", HEIGHT, "--width", WIDTH,
                 "--score-threshold", 0.06, "--metrics", place / "metrics.json", "--section", place / "more.md",
                 "--data", "no data at all"]  # fmt: skip
    result = CliRunner().invoke(app, ["export", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return load_bundle(place / "tiny")


def run_graph(
    session: onnxruntime.InferenceSession,
    image: np.ndarray,
    score: float,
    unknown: float,
    table: ClassTable | None = None,
) -> Detections:
    values = session.run(list(Detections._fields), feeds(image, score, unknown) | (table.inputs if table else {}))
    return Detections(*(torch.from_numpy(value) for value in values))


def feeds(image: np.ndarray, score: float, unknown: float) -> dict[str, np.ndarray]:
    scalars = (np.array(value, np.float32) for value in (score, unknown))
    return dict(zip(("image", "score_threshold", "unknown_threshold"), (image, *scalars), strict=True))


def run_network(model: Detector, image: np.ndarray) -> Detections:
    pixels = torch.from_numpy(image).permute(2, 0, 1)[None]
    with torch.inference_mode():
        return model(pixels, [image.shape[:2]])[0]


TIE = 1e-4  # of a threshold: what lies nearer to it, rounding may tip
ROUNDING = 3e-6  # relative, of weights: several times what another order of the same sums makes of results
THRESHOLDS = (
    "proposals.nms_iou", "decision.score_threshold", "decision.unknown_threshold", "decision.nms_iou",
    "box_voting.iou", "second_look.nms_iou", "mask.threshold",
)  # fmt: skip


def beside(network: Detector) -> list[Detector]:
    """The network itself, and twice with all thresholds a little lower or higher and weights a little off.

    Masks end at cells above a threshold, boxes vote and are suppressed from an overlap on, the best so many are looked
    at again: at a tie, the rounding of one processor decides so and that of another otherwise, and a box moves by
    several pixels. An instance that all three give alike lies at no tie; every processor has to give it.
    """
    others = []
    for seed, shift in enumerate((-TIE, TIE)):
        sections = network.config.model_dump()
        values = {name: sections[part][key] for name in THRESHOLDS for part, key in [name.split(".")] if sections[part]}
        other = reconfigured(network, "trained", [f"{name}={value + shift!r}" for name, value in values.items()])
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for weight in other.parameters():
                weight *= 1 + ROUNDING * torch.randn(weight.shape, generator=generator)
        others.append(other)
    return [network, *others]


def assert_same_instances(ours: Detections, *theirs: Detections, size: tuple[int, int]) -> tuple[int, int]:
    """Every instance that all of `theirs` give alike is in `ours` too, and nothing is but these and what lies at a tie.

    Returns:
        how many instances lie at no tie, of how many.
    """
    first, *others = theirs
    decided = [i for i in range(len(first.scores)) if all(like(first, i, other, size, 0.5) for other in others)]
    free = set(range(len(ours.scores)))
    for i in decided:
        found = like(first, i, ours, size) & free
        assert found, f"nothing like {first.boxes[i].tolist()} of score {first.scores[i]:.3f}"
        free.remove(min(found))
    assert len(free) <= sum(len(found.scores) - len(decided) for found in theirs)
    return len(decided), len(first.scores)


def like(a: Detections, i: int, b: Detections, size: tuple[int, int], share: float = 1.0) -> set[int]:
    """The instances of `b` that differ from instance i of `a` by no more than rounding, or by a share of it.

    An embedding that is shorter in `b` is that of the first look alone, which the other begins with.
    """
    near = (b.boxes - a.boxes[i]).abs().amax(1) < 0.1 * share
    near &= (b.scores - a.scores[i]).abs() < 1e-3 * share
    near &= (b.distances - a.distances[i]).abs() < 1e-3 * share
    own = F.normalize(a.embeddings[i, : b.embeddings.shape[1]], dim=0)
    near &= (F.normalize(b.embeddings[:, : len(own)]) @ own) > 1 - 1e-4 * share
    near &= b.class_ids == a.class_ids[i]
    return {j for j in torch.where(near)[0].tolist() if same_mask(a, i, b, j, size, share)}


def same_mask(a: Detections, i: int, b: Detections, j: int, size: tuple[int, int], share: float) -> bool:
    pasted = [paste_masks(found.masks[k : k + 1].numpy(), found.boxes[k : k + 1].numpy(), *size)
              for found, k in ((a, i), (b, j))]  # fmt: skip
    both, either = overlap(pasted[0], 0, pasted[1], 0, *size)
    # a probability of one half may round either way: of 2 pixels, one would be half of the union
    return both > (1 - 0.01 * share) * either or either - both <= 2


def assert_few_ties(counts: list[tuple[int, int]]) -> None:
    """So that the comparison was one of something."""
    decided, every = np.sum(counts, 0)
    assert every > 50
    assert decided > 0.75 * every


def overlap(a: tuple, i: int, b: tuple, j: int, height: int, width: int) -> tuple[int, int]:
    """Pixels of both masks, and of either."""
    whole = np.zeros((2, height, width), bool)
    for canvas, (rois, masks), index in ((whole[0], a, i), (whole[1], b, j)):
        x, y, w, h = rois[index]
        canvas[y : y + h, x : x + w] = masks[index]
    return int((whole[0] & whole[1]).sum()), int((whole[0] | whole[1]).sum())


def test_the_graph_gives_what_the_network_gives_on_photographs(network, bundle, photographs):
    session, networks = start(bundle.model_file), beside(network)
    decision = network.config.decision
    known = unknown = 0
    counts = []
    for rgb in photographs:
        image = network_input(rgb, HEIGHT, WIDTH)
        ours = run_graph(session, image, decision.score_threshold, decision.unknown_threshold)
        theirs = [run_network(model, image) for model in networks]
        counts.append(assert_same_instances(ours, *theirs, size=(HEIGHT, WIDTH)))
        assert (ours.scores.diff() <= 0).all()
        is_unknown = ours.class_ids == network.config.num_classes
        known += int((~is_unknown).sum())
        unknown += int(is_unknown.sum())
    assert known > 100  # so that the comparison was one of something
    assert unknown > 100
    assert_few_ties(counts)


@pytest.fixture
def shallow(monkeypatch):
    """MobileNetV2 of 9 blocks instead of 18: one of each row of equal ones, and two of the first such row, of which
    one has a shortcut. The exporter takes minutes for three whole ones, two of which see an unknown number of crops."""
    rows = [(t, c, n if c == 24 else 1, s) for t, c, n, s in mobilenet.SETTINGS]
    monkeypatch.setattr(mobilenet, "SETTINGS", tuple(rows))
    monkeypatch.setattr(mobilenet, "STAGES", ((0, 2), (2, 4), (4, 5), (5, 7), (7, 9)))


def test_the_graph_looks_at_crops_as_the_network_does(photographs, tmp_path, capfd, shallow):
    network = decisive_network(HEIGHT, WIDTH, on_crops=True)
    table = export_onnx(network, tmp_path / "model.onnx", HEIGHT, WIDTH)
    assert capfd.readouterr() == ("", "")  # the exporter prints whole graphs where it has to try again
    session, networks = start(tmp_path / "model.onnx"), beside(network)
    decision = network.config.decision
    counts = []
    for rgb in photographs[::4]:
        image = network_input(rgb, HEIGHT, WIDTH)
        ours = run_graph(session, image, decision.score_threshold, decision.unknown_threshold)
        theirs = [run_network(model, image) for model in networks]
        counts.append(assert_same_instances(ours, *theirs, size=(HEIGHT, WIDTH)))
    assert_few_ties(counts)
    assert run_graph(session, image, 1.0, 0.1).masks.shape == (0, 56, 56)
    for limit in (float(ours.scores.median()), float(ours.scores.max())):  # above the latter every one is dropped
        fewer, kept = run_graph(session, image, limit, decision.unknown_threshold), ours.scores > limit
        torch.testing.assert_close(fewer.scores, ours.scores[kept], atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(fewer.masks, ours.masks[kept], atol=1e-3, rtol=1e-3)
    found = run_graph(session, image, decision.score_threshold, decision.unknown_threshold)
    number, embeddings = len(table.names), found.embeddings.numpy()
    dim = table.weights.shape[1]
    looked = np.linalg.norm(embeddings[:, dim:], axis=1) > 0
    unknown = np.flatnonzero(looked & (found.class_ids == number).numpy())[:8]
    assert len(unknown) > 3
    named = 0
    for own in embeddings[unknown]:
        others = embeddings[looked & (embeddings @ own < 0.9)]
        row = table.with_class("kettle", own[None], others, boundary=0.0)
        after = run_graph(session, image, decision.score_threshold, decision.unknown_threshold, row)
        seen_twice = np.linalg.norm(after.embeddings.numpy()[:, dim:], axis=1) > 0
        alike, given = (after.embeddings.numpy() @ own)[seen_twice], (after.class_ids == number).numpy()[seen_twice]
        named += given[alike > 0.999].any()
        assert (alike[given] > 0.5).all()  # what is unlike it does not get the new name
    assert named > 1  # of the others, another class has the higher logit still
    graph = onnx.load(tmp_path / "model.onnx").graph
    maker = {name: node.op_type for node in graph.node for name in node.output}
    assert "Concat" not in [maker.get(node.input[0]) for node in graph.node if node.op_type == "Conv"]


def test_the_shipped_graph_gives_what_its_weights_give_on_photographs(photographs):
    if not (SHIPPED / "weights.safetensors").is_file():
        pytest.skip(f"{SHIPPED} has no weights.safetensors")
    bundle = load_bundle(SHIPPED)
    model, _ = load_checkpoint(SHIPPED / "weights.safetensors")
    session, networks = start(bundle.model_file), beside(model)
    decision = model.config.decision
    size = bundle.manifest.input_height, bundle.manifest.input_width
    counts = []
    for rgb in photographs[::4]:  # at full size the network takes a while
        image = network_input(rgb, *size)
        ours = run_graph(session, image, decision.score_threshold, decision.unknown_threshold)
        counts.append(assert_same_instances(ours, *(run_network(other, image) for other in networks), size=size))
    assert_few_ties(counts)


def test_a_higher_score_threshold_leaves_out_low_scores_and_nothing_else(network, bundle, photographs):
    session = start(bundle.model_file)
    image = network_input(photographs[0], HEIGHT, WIDTH)
    every = run_graph(session, image, 0.05, network.config.decision.unknown_threshold)
    limit = float(every.scores.median())
    fewer = run_graph(session, image, limit, network.config.decision.unknown_threshold)
    kept = every.scores > limit
    assert 0 < kept.sum() < len(every.scores)
    torch.testing.assert_close(fewer.boxes, every.boxes[kept])
    torch.testing.assert_close(fewer.masks, every.masks[kept])


def test_the_unknown_threshold_moves_instances_between_known_and_unknown(network, bundle, photographs):
    session = start(bundle.model_file)
    image = network_input(photographs[0], HEIGHT, WIDTH)
    unknown_id = network.config.num_classes
    assert (run_graph(session, image, 0.05, 0.0).class_ids == unknown_id).all()
    assert (run_graph(session, image, 0.05, 2.0).class_ids < unknown_id).all()
    for threshold in (0.02, 0.2):
        found = run_graph(session, image, 0.05, threshold)
        assert ((found.distances > threshold) == (found.class_ids == unknown_id)).all()


def test_a_score_threshold_of_one_leaves_no_instance(bundle, photographs):
    session = start(bundle.model_file)
    found = run_graph(session, network_input(photographs[0], HEIGHT, WIDTH), 1.0, 0.085)
    dim = bundle.manifest.embedding_dim
    assert [tuple(part.shape) for part in found] == [(0, 4), (0,), (0,), (0,), (0, dim), (0, 28, 28)]


def test_the_static_graph_pads_the_same_rows(network, bundle, photographs, tmp_path):
    model = onnx.load(bundle.model_file)
    pad_outputs(model.graph, network.max_instances)  # what --static adds
    onnx.save(model, tmp_path / "static.onnx")
    dynamic = start(bundle.model_file)
    static = start(tmp_path / "static.onnx")
    rows = network.max_instances
    assert {o.name: o.shape for o in static.get_outputs()}["masks"] == [rows, 28, 28]
    image = network_input(photographs[0], HEIGHT, WIDTH)
    expected = run_graph(dynamic, image, 0.05, 0.085)
    found = run_graph(static, image, 0.05, 0.085)
    count = int(static.run(["count"], feeds(image, 0.05, 0.085))[0])
    assert count == len(expected.scores) < rows
    for padded, value in zip(found, expected, strict=True):
        torch.testing.assert_close(padded[:count], value)
        assert not padded[count:].any()


def with_table(bundle: Bundle, table: ClassTable, image: np.ndarray) -> Instances:
    return Segmenter(bundle.with_classes(table), threads=1, warm_up=False).segment(image, 0.05)


def test_the_distance_that_decides_is_that_of_the_published_embedding(bundle, network, photographs):
    image = network_input(photographs[0], HEIGHT, WIDTH)
    found = with_table(bundle, bundle.classes, image)
    assert len(found) > 20
    np.testing.assert_allclose((1 - bundle.classes.centres @ found.embeddings.T).min(0), found.distances, atol=1e-5)
    with torch.inference_mode():
        raw = torch.randn(50, network.config.embedding.dim)
        logits = network.classify(Semantics(raw, raw, raw, raw))
    given = raw.numpy() @ bundle.classes.weights.T + bundle.classes.biases
    np.testing.assert_allclose(given, logits[:, :-1] - logits[:, -1:], atol=1e-4)


def test_the_objects_of_a_class_whose_row_is_removed_are_unknown(bundle, photographs):
    image, threshold = network_input(photographs[0], HEIGHT, WIDTH), bundle.manifest.thresholds.unknown
    before = with_table(bundle, bundle.classes, image)
    number = int(np.bincount(before.class_ids[~before.unknown]).argmax())
    removed = before.class_names[number]
    after = with_table(bundle, bundle.classes.without(removed), image)
    assert after.class_names == tuple(name for name in before.class_names if name != removed)
    distances = 1 - bundle.classes.centres @ after.embeddings.T
    others = np.delete(distances, number, axis=0).min(0)
    np.testing.assert_array_equal(after.unknown, others > threshold)
    assert after.unknown.any()


def test_a_row_added_for_a_taught_object_gets_the_instances_of_its_class(bundle, photographs):
    image, threshold = network_input(photographs[0], HEIGHT, WIDTH), bundle.manifest.thresholds.unknown
    before = with_table(bundle, bundle.classes, image)
    taught = before.embeddings[before.unknown][:1]
    table = bundle.classes.with_class("kettle", taught)
    table.weights[-1] *= 20  # the weights of this untrained network's own classes are of no certain size
    after = with_table(bundle, table, image)
    assert after.class_names == (*before.class_names, "kettle")
    distances = 1 - table.centres @ after.embeddings.T
    np.testing.assert_allclose(after.distances, distances.min(0), atol=1e-5)
    kettles = after.class_ids == len(before.class_names)
    assert kettles.any()
    assert kettles[distances[-1] <= threshold].all()
    assert not after.unknown[distances[-1] <= threshold].any()


def test_without_a_table_the_graph_runs_with_the_classes_it_was_exported_with(bundle, photographs):
    image = network_input(photographs[0], HEIGHT, WIDTH)
    alone = run_graph(start(bundle.model_file), image, 0.05, bundle.manifest.thresholds.unknown)
    given = with_table(bundle, bundle.classes, image)
    np.testing.assert_array_equal(alone.class_ids, given.class_ids)
    np.testing.assert_array_equal(alone.scores, given.scores)


def test_the_graph_is_of_the_contracts_form(network, bundle):
    model = onnx.load(bundle.model_file)
    dim = network.config.embedding.dim
    session = start(bundle.model_file)
    assert [(v.name, v.type, v.shape) for v in session.get_inputs()] == [
        ("image", "tensor(uint8)", [HEIGHT, WIDTH, 3]),
        ("score_threshold", "tensor(float)", []),
        ("unknown_threshold", "tensor(float)", []),
    ]
    assert [(v.name, v.type, v.shape) for v in session.get_overridable_initializers()] == [
        ("centres", "tensor(float)", ["K", dim]),
        ("weights", "tensor(float)", ["K", dim]),
        ("biases", "tensor(float)", ["K"]),
    ]
    assert [(v.name, v.type, v.shape) for v in session.get_outputs()] == [
        ("boxes", "tensor(float)", ["N", 4]),
        ("scores", "tensor(float)", ["N"]),
        ("class_ids", "tensor(int64)", ["N"]),
        ("distances", "tensor(float)", ["N"]),
        ("embeddings", "tensor(float)", ["N", dim]),
        ("masks", "tensor(float)", ["N", 28, 28]),
    ]
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 20)]
    assert {node.domain for node in model.graph.node} == {""}
    assert not model.functions


def test_the_graph_says_nothing_of_the_machine_it_was_made_on(bundle):
    data = bundle.model_file.read_bytes()
    for trace in (b"osis_ros/", b"site-packages", b"stack_trace", str(Path.home()).encode(), b".py"):
        assert trace not in data


def test_weights_are_stored_in_half_the_bytes(network, bundle):
    parameters = sum(tensor.numel() for tensor in network.state_dict().values())
    assert bundle.model_file.stat().st_size < 2.5 * parameters + 300_000
    assert (bundle.path / "weights.safetensors").stat().st_size < 2.2 * parameters + 50_000


def test_every_nms_stops_at_as_many_boxes_as_are_used(network, bundle):
    graph = onnx.load(bundle.model_file).graph
    constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    limits = [int(constants[n.input[2]].item()) for n in graph.node if n.op_type == "NonMaxSuppression"]
    config = network.config
    assert limits == [config.proposals.max_proposals, config.decision.max_known, config.decision.max_unknown]


def test_the_bundle_records_what_it_was_made_from(bundle, network):
    manifest = bundle.manifest
    assert manifest.class_names == network.config.class_names
    assert manifest.padding == (128, 128, 128)  # 127.5, MobileNetV2's zero, is half way
    assert manifest.thresholds.score == 0.06
    assert manifest.thresholds.max_instances == network.max_instances
    assert (manifest.provenance.steps, manifest.provenance.seed, manifest.provenance.commit) == (7, 3, "abc1234")
    assert manifest.provenance.data == "no data at all"
    card = (bundle.path / "README.md").read_text()
    assert "| Tabletop-OSIS test | AP_k 41.5 |" in card
    assert "Tabletop-OSIS test:\n\n```sh\nosis evaluate --model tiny\n```" in card
    assert "## Failures\n\nIt is untrained." in card
    for name in network.config.class_names:
        assert name in card


def test_the_bundle_tells_what_its_weights_went_on_from(bundle):
    assert bundle.manifest.provenance.init == BEFORE
    card = (bundle.path / "README.md").read_text()
    assert "| optimiser steps | 7, after 5 of commit `d0` |" in card
    assert "ImageNet" in card  # of the backbone that the earlier weights had started with


def test_the_shipped_bundle_records_the_network_as_it_was_exported():
    recorded = load_bundle(SHIPPED).manifest.provenance.config["model"]
    assert ModelConfig.model_validate(recorded) == load_checkpoint(SHIPPED / "weights.safetensors")[0].config


@pytest.mark.parametrize("name", ["resnet50", "resnet18", "mobilenet_v2"])
def test_the_padding_is_what_normalisation_brings_nearest_to_0(name):
    """ResNet-50's pixels are BGR, the padding is RGB."""
    backbone = build_backbone(name)
    padding = torch.tensor(_padding(SimpleNamespace(backbone=backbone)), dtype=torch.uint8)
    pixels = padding[None, :, None, None].expand(1, 3, 32, 32)
    levels = backbone.normalise(pixels, [(32, 32)]) * backbone.normalise.std
    assert levels.abs().max() <= 0.5


def test_the_card_credits_whoever_made_the_weights_that_training_started_from(network):
    for first in ("weights/backbone.pth", None):
        began = {"config": {"name": "first", "backbone_weights": first}, "steps": 5}
        later = {"config": {"name": "second", "backbone_weights": None}, "init": lineage(began)}
        assert _pretrained(began) == _pretrained(later) == bool(first)
    assert not _pretrained({})


def test_a_network_without_embedding_space_gives_known_instances_alone(network):
    plain = network.config.replace(embedding={"enabled": False}, decision={"max_known": 7, "max_unknown": 5})
    for config, most in ((plain, 7), (plain.replace(embedding={"enabled": True}), 12)):
        assert network.reconfigured(config).max_instances == most


def test_the_bundles_weights_are_the_graphs(bundle, network):
    model, provenance = load_checkpoint(bundle.path / "weights.safetensors")
    assert provenance["seed"] == 3
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(tensor, network.state_dict()[name], rtol=0, atol=0)
    with safe_open(bundle.path / "weights.safetensors", "pt") as file:
        assert json.loads(file.metadata()["class_names"]) == list(network.config.class_names)


def test_a_segmenter_runs_the_bundle_on_a_photograph(bundle, photographs):
    found = Segmenter(bundle, threads=1).segment(photographs[-1])
    assert len(found) > 0
    assert (found.scores > 0.06).all()


def test_export_graph_alone_equals_the_network(network):
    image = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    decision = network.config.decision
    thresholds = torch.tensor(decision.score_threshold), torch.tensor(decision.unknown_threshold)
    with torch.inference_mode():
        found = ExportGraph(network, HEIGHT, WIDTH)(torch.from_numpy(image), *thresholds)
    for ours, theirs in zip(found, run_network(network, image), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--height", "470"], "input_height is 470, expected 32..4096 and a multiple of 32"),
        (["--score-threshold", "7"], "thresholds.score is 7.0, expected the lowest score kept, 0..1"),
        (["--metrics", "gone.json"], "metrics file gone.json cannot be read"),
    ],
)
def test_a_wrong_option_is_one_sentence(checkpoint, tmp_path, arguments, reason):
    result = CliRunner().invoke(app, ["export", str(checkpoint), "--output", str(tmp_path / "new"), *arguments])
    assert result.exit_code == 1
    assert reason in result.output
    assert "Traceback" not in result.output
    assert not (tmp_path / "new").exists()


def test_the_same_weights_can_be_exported_under_other_limits(network):
    changed = reconfigured(network, "exact", ["decision.max_unknown=7"])
    assert changed.config.proposals.nms_iou is None
    assert changed.config.decision.max_unknown == 7
    assert reconfigured(network, "trained", ["box_voting=null"]).config.box_voting is None
    assert torch.equal(changed.roi_head.state_dict()["fc1.weight"], network.roi_head.state_dict()["fc1.weight"])


@pytest.mark.parametrize(
    ("override", "reason"),
    [
        ("decision.max_unknown", "not of the form"),
        ("decision.max_unknown=0", "greater than or equal to 1"),
        ("decision.maximum=1", "not permitted"),
        ("embedding.dim=8", "the weights are of another configuration"),
    ],
)
def test_an_entry_that_does_not_fit_the_weights_is_one_sentence(network, override, reason):
    with pytest.raises(BundleError, match=reason):
        reconfigured(network, "trained", [override])


def test_metrics_of_another_form_are_one_sentence(checkpoint, tmp_path):
    (tmp_path / "figures.json").write_text('[{"name": "AP"}]')
    arguments = ["export", checkpoint, "--output", tmp_path / "new", "--metrics", tmp_path / "figures.json"]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 1
    assert "figures.json: 0.value: Field required; expected a JSON list of objects" in result.output


def test_a_section_that_is_no_text_is_one_sentence(checkpoint, tmp_path):
    (tmp_path / "figures.md").write_bytes(b"\xff\xfe")
    arguments = ["export", checkpoint, "--output", tmp_path / "new", "--section", tmp_path / "figures.md"]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 1
    assert "figures.md cannot be read: 'utf-8' codec can't decode" in result.output
