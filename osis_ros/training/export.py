"""From a checkpoint to a bundle that runs without PyTorch."""

import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

import torch
import yaml
from pydantic import TypeAdapter, ValidationError

from osis_ros.inference.bundle import MANIFEST_FILE, MODEL_FILE, Bundle, write_bundle
from osis_ros.inference.manifest import FORMAT_VERSION, BundleError, Metric, validate_manifest
from osis_ros.training.checkpoint import NOT_RECORDED, lineage, load_checkpoint, save_checkpoint
from osis_ros.training.export_card import model_card
from osis_ros.training.export_graph import export_onnx
from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.detector import Detector

WEIGHTS_FILE = "weights.safetensors"


def export_bundle(
    checkpoint: str | Path,
    folder: str | Path,
    *,
    height: int = 480,
    width: int = 640,
    score: float | None = None,
    unknown: float | None = None,
    data: str | None = None,
    metrics: Sequence[Metric] = (),
    sections: Sequence[str] = (),
    half: bool = True,
    static: bool = False,
    proposals: Literal["trained", "exact", "fast"] = "trained",
    overrides: Sequence[str] = (),
) -> Bundle:
    """Write model.onnx, model.yaml, README.md and weights.safetensors.

    The weights are rounded to float16 first, so that the graph and weights.safetensors hold the very same numbers in
    half the bytes. The graph still computes in float32.

    Args:
        checkpoint: what `load_checkpoint` reads.
        folder: the bundle's; one that is there already is replaced, further files in it stay.
        height, width: of the graph's input in pixels; 32..4096 and multiples of 32.
        score, unknown: default thresholds; those of the checkpoint's configuration when None.
        data: what was trained on, in words; as the checkpoint records it when None.
        metrics: figures for the card, added to those that the checkpoint records.
        sections: further Markdown for the card.
        half: False keeps float32 weights, for comparing with another implementation to the last digit.
        static: outputs of fixed size with a `count`, for runtimes that want them.
        proposals: as trained; `exact`, the paper's, thousands of them; `fast`, at most 500 after NMS, fewer where
            the network has fewer.
        overrides: `section.key=value` entries of the network's configuration, or `part=null`, that change none of its
            tensors.
    Raises:
        CheckpointError: the checkpoint. BundleError: a value that model.yaml does not allow, or the folder.
    """
    folder = Path(folder)
    model, recorded = load_checkpoint(checkpoint)
    if static and model.config.scene:
        raise BundleError(f"{checkpoint}: a network that labels pixels has outputs of fixed size; leave out --static")
    if model.config.decision.kind != "distance" and model.config.words is None:
        raise BundleError(
            f"{checkpoint}: a network of decision.kind {model.config.decision.kind} is for comparisons and has no "
            "graph; run it with `osis detect`"
        )
    model = reconfigured(model, proposals, overrides)
    if half:
        round_to_half(model)
    fields = _manifest_fields(model, height, width, score, unknown, data, recorded, metrics)
    # everything that can be refused is refused before the graph is made, which takes a while
    manifest = validate_manifest(
        {"format_version": FORMAT_VERSION, "sha256": "0" * 64, **fields}, folder / MANIFEST_FILE
    )
    with tempfile.TemporaryDirectory() as place:
        graph, weights = Path(place) / MODEL_FILE, Path(place) / WEIGHTS_FILE
        classes = export_onnx(model, graph, height, width, static=static, half=half)
        save_checkpoint(weights, model, fields["provenance"], torch.float16 if half else torch.float32)
        card = model_card(
            folder.name, manifest, model.config, _pretrained(recorded), graph.stat().st_size / 1e6, sections
        )
        return write_bundle(folder, graph, fields, card, weights, classes=classes)


def card_of(bundle: Bundle, sections: Sequence[str] = ()) -> str:
    """The card of a bundle on disk, from its model.yaml: what `export_bundle` would write for it.

    Raises:
        BundleError: model.yaml does not record the network.
    """
    recorded = bundle.manifest.provenance.model_dump(mode="json")
    if not isinstance(recorded["config"], dict):
        raise BundleError(f"{MANIFEST_FILE} does not record the network, no card can be made of it ({bundle.path})")
    config = ModelConfig.model_validate(recorded["config"]["model"])
    megabytes = bundle.model_file.stat().st_size / 1e6
    return model_card(bundle.name, bundle.manifest, config, _pretrained(recorded), megabytes, sections)


def reconfigured(model: Detector, proposals: str, overrides: Sequence[str]) -> Detector:
    """The same weights under another configuration.

    Raises:
        BundleError: an entry that does not exist, is out of range, or would need other weights.
    """
    config = {"trained": model.config, "exact": model.config.exact(), "fast": model.config.fast()}[proposals]
    for override in overrides:
        key, separator, value = override.partition("=")
        section, dot, field = key.partition(".")
        if not separator:
            raise BundleError(f"{override!r} is not of the form section.key=value, or part=null")
        try:
            entry = yaml.safe_load(value)
            config = config.replace(**{section: {field: entry} if dot else entry})
        except yaml.YAMLError:
            raise BundleError(f"{override}: the value is not YAML") from None
        except ValidationError as err:
            raise BundleError(f"{override}: {err.errors()[0]['msg']}") from None
    try:
        return model.reconfigured(config)
    except RuntimeError:
        raise BundleError(f"{', '.join(overrides)}: the weights are of another configuration") from None


def round_to_half(model: Detector) -> None:
    """Round every floating-point weight, in place, to a value that float16 holds."""
    with torch.no_grad():
        for tensor in model.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(tensor.half())


def read_section(file: Path) -> str:
    """Markdown for a card. Raises BundleError where the file is no text that can be read."""
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeError) as err:
        raise BundleError(f"section {file} cannot be read: {getattr(err, 'strerror', None) or err}") from None


def read_metrics(file: Path) -> list[Metric]:
    """Figures for a card from a JSON list of {"name", "value", "data", "command"}.

    Raises:
        BundleError: no such file, or of another form.
    """
    try:
        return TypeAdapter(list[Metric]).validate_json(file.read_bytes())
    except OSError as err:
        raise BundleError(f"metrics file {file} cannot be read: {err.strerror}") from None
    except ValidationError as err:
        first = err.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise BundleError(
            f"{file}: {where}: {first['msg']}; expected a JSON list of objects with name, value, data and command"
        ) from None


def _manifest_fields(
    model: Detector, height: int, width: int, score: float | None, unknown: float | None, data: str | None,
    recorded: dict[str, Any], metrics: Sequence[Metric],
) -> dict[str, Any]:  # fmt: skip
    config = model.config
    decision = config.decision
    trained = recorded.get("config", NOT_RECORDED)
    if isinstance(trained, dict):  # the network as it is exported, which may differ from how it was trained
        trained = {**trained, "model": config.model_dump(mode="json")}
    figures = [*recorded.get("metrics", []), *(metric.model_dump() for metric in metrics)]
    return {
        "class_names": list(config.class_names),
        "input_height": height,
        "input_width": width,
        "padding": _padding(model),
        "embedding_dim": embedding_dim(config),
        **({"word_dim": config.words.dim} if config.words else {}),
        "unknown_by": config.unknown_by,
        "second_look": config.second_look is not None,
        "decisive_embedding": config.second_look is not None,
        **({"scene": True} if config.scene else {}),
        "thresholds": {
            "score": decision.score_threshold if score is None else score,
            "unknown": decision.unknown_threshold if unknown is None else unknown,
            "nms_iou": decision.nms_iou,
            "max_instances": model.max_instances,
        },
        "provenance": {
            "config": trained,
            "data": data or recorded.get("data", NOT_RECORDED),
            "steps": recorded.get("steps", 0),
            "seed": recorded.get("seed", 0),
            "commit": recorded.get("commit", NOT_RECORDED),
            "date": date.today().isoformat(),
            **({"init": recorded["init"]} if recorded.get("init") else {}),
            "metrics": figures,
        },
    }


def embedding_dim(config: ModelConfig) -> int:
    """Length of the embeddings that the graph gives."""
    if config.scene:
        return 0
    if config.words:
        return config.words.dim
    return config.embedding.dim + (config.second_look.dim if config.second_look else 0)


def _padding(model: Detector) -> list[int]:
    """The RGB pixel that normalisation brings nearest to 0, which is what training batches are padded with."""
    pixels = model.backbone.normalise
    mean = pixels.mean.flatten()
    return [round(value) for value in (mean.flip(0) if pixels.bgr else mean).tolist()]


def _pretrained(recorded: dict[str, Any]) -> bool:
    """Whether the backbone started from weights of others, here or in the weights that were trained on from."""
    weights = lineage(recorded)
    while weights and not weights.get("backbone_weights"):
        weights = weights.get("init")
    return bool(weights)
