"""`Segmenter`: image in, `Instances` out."""

import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from osis_ros.errors import OsisError
from osis_ros.inference.bundle import Bundle, load_bundle
from osis_ros.inference.letterbox import Letterbox
from osis_ros.inference.manifest import BundleError
from osis_ros.inference.mask_nms import mask_nms
from osis_ros.inference.paste import paste_masks
from osis_ros.inference.provider import ORT_ERRORS, SPIN, candidates, missing, open_session
from osis_ros.inference.scene_instances import scene_instances
from osis_ros.instances import Instances
from osis_ros.words.names_file import NamedVectors, NamesError, further_names

OUTPUTS = ("boxes", "scores", "class_ids", "distances", "embeddings", "masks")
INPUTS = ("image", "score_threshold", "unknown_threshold")
NAMES = "names"  # a further input of zero-shot models
SCENE_OUTPUTS = ("labels", "scores", "distances", "field")  # of a model that labels every pixel
SCENE_INPUTS = ("image", "unknown_threshold")
log = logging.getLogger(__name__)


class ThresholdError(OsisError, ValueError):
    """A threshold or limit out of range; the message is one sentence that names it and the range."""


@dataclass(frozen=True)
class Timing:
    """Where one image's time went, in seconds."""

    letterbox: float
    network: float
    paste: float

    @property
    def total(self) -> float:
        return self.letterbox + self.network + self.paste


class Segmenter:
    """Runs a bundle. Calls from several threads are safe: a call shares nothing with others but the session.

    Attributes:
        bundle: what runs.
        provider: what it runs on: `cpu`, `cuda` or `tensorrt`.
        not_cuda: why `auto` did not take CUDA, in one sentence; empty if it did or was not asked to choose.
    """

    def __init__(
        self,
        bundle: Bundle | str | Path,
        provider: str = "cpu",
        *,
        threads: int = 0,
        cache: Path | None = None,
        warm_up: bool = True,
        spin: float = SPIN,
    ) -> None:
        """Load a bundle and run it once, so that the first real image is as fast as the others.

        Args:
            bundle: a bundle, its folder, or the name of one that came with the package.
            provider: `cpu`, `cuda`, `tensorrt`, or `auto`: CUDA where it works, else the CPU.
            threads: CPU threads of one run; 0 for as many as the process may use (`provider.open_session`).
            cache: where TensorRT engines are kept; the user's cache folder when None.
            warm_up: False leaves out that first run.
            spin: seconds that a thread without work waits for more before it sleeps (`provider.open_session`).
        Raises:
            BundleError: the bundle is missing, damaged or not of this form, or cannot run on the provider
                (its subclass `ProviderError`).
        """
        self.bundle = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
        first, *others = candidates(provider)
        self.not_cuda = missing("cuda") if provider == "auto" else ""
        try:
            self._start(first, threads, cache, spin, warm_up or bool(others))  # some devices fail only when they run
        except BundleError as err:
            if not others:
                raise
            self.not_cuda = str(err)
            log.warning("running on %s: %s", others[0], err)
            self._start(others[0], threads, cache, spin, warm_up)

    def _start(self, provider: str, threads: int, cache: Path | None, spin: float, warm_up: bool) -> None:
        self.provider = provider
        self._session = open_session(self.bundle, provider, threads, cache, spin)
        # TensorRT's execution contexts serve one run at a time
        self._one_run = threading.Lock() if provider == "tensorrt" else None
        self._classes = self.bundle.classes.inputs if self.bundle.classes else {}
        self._outputs = self._checked_outputs()
        no_vectors = np.zeros((0, self.bundle.manifest.word_dim or 0), np.float32)
        self._asked: tuple[tuple[str, ...], np.ndarray] = (), no_vectors
        if warm_up:
            self._warm_up()

    def ask(self, named: NamedVectors) -> None:
        """From now on look for these names too, if the bundle is a zero-shot model's; they replace earlier ones. The
        class ids of an instance follow `Instances.class_names`: the bundle's classes, then the names.

        Raises:
            NamesError: the bundle takes no names, or vectors of another length.
        """
        dim, classes = self.bundle.manifest.word_dim, self.bundle.class_names
        if dim is None:
            raise NamesError(f"the model '{self.bundle.name}' takes no names, expected a zero-shot network; to guess "
                             "what unknown objects are, also give a guess map or an image model")  # fmt: skip
        further = further_names(named, classes, dim)
        self._asked = further.names, further.vectors

    @property
    def class_names(self) -> tuple[str, ...]:
        """The bundle's classes, then the names that were asked for."""
        return (*self.bundle.class_names, *self._asked[0])

    def segment(
        self,
        rgb: np.ndarray,
        score_threshold: float | None = None,
        unknown_threshold: float | None = None,
        max_instances: int | None = None,
        max_overlap: float | None = None,
    ) -> Instances:
        """Find the instances of one image.

        Args:
            rgb: uint8 [H, W, 3] RGB, any size from 1 × 1 on.
            score_threshold: the lowest score kept, 0..1. None: the bundle's threshold.
            unknown_threshold: T_u; an object is unknown if its distance exceeds it. From 0 to the manifest's
                `highest_unknown` (2 for a cosine distance, 1 for a probability), at which nothing is unknown. None:
                the bundle's threshold.
            max_instances: the most instances returned. None: the bundle's limit.
            max_overlap: drop the lower-scoring of two instances whose mask IoU exceeds this, 0..1, whatever their
                classes. None: keep all.
        Raises:
            ThresholdError: a threshold or limit out of range.
            ValueError: an image of another form.
        """
        return self.segment_timed(rgb, score_threshold, unknown_threshold, max_instances, max_overlap)[0]

    def segment_timed(
        self,
        rgb: np.ndarray,
        score_threshold: float | None = None,
        unknown_threshold: float | None = None,
        max_instances: int | None = None,
        max_overlap: float | None = None,
    ) -> tuple[Instances, Timing]:
        """As `segment`, with the time that each stage took."""
        manifest = self.bundle.manifest
        defaults = manifest.thresholds
        score = _checked("score_threshold", score_threshold, defaults.score, 0, 1)
        unknown = defaults.unknown if unknown_threshold is None else unknown_threshold
        if refusal := manifest.refusal(unknown):
            raise ThresholdError(f"unknown_threshold is {refusal}")
        limit = int(_checked("max_instances", max_instances, defaults.max_instances, 1, 1_000_000))
        overlap = _checked("max_overlap", max_overlap, 1, 0, 1)
        height, width = _image_size(rgb)

        start = time.perf_counter()
        letterbox = Letterbox.fit(height, width, manifest.input_height, manifest.input_width)
        image = letterbox.apply(rgb, manifest.input_height, manifest.input_width, manifest.padding)
        ready = time.perf_counter()
        names, vectors = self._asked
        found = self._run(image, np.float32(score), np.float32(unknown), vectors)
        done = time.perf_counter()
        if manifest.scene:
            instances = scene_instances(found, letterbox, manifest.class_names, score)
            instances = instances.take(np.arange(min(limit, len(instances))))
            return instances, Timing(ready - start, done - ready, time.perf_counter() - done)
        spans = letterbox.boxes_to_image(found["boxes"])  # what the masks cover; in the padding too, when it is padded
        boxes = letterbox.clip(spans)
        inside = np.flatnonzero((boxes[:, 2:] > boxes[:, :2]).all(axis=1))
        inside = inside[: limit if overlap == 1 else None]  # no more masks than are given back, where that is known
        rois, masks = paste_masks(found["masks"][inside], spans[inside], height, width)
        kept = mask_nms(rois, masks, overlap)[:limit]
        boxes, found = boxes[inside[kept]], {name: value[inside[kept]] for name, value in found.items()}
        instances = Instances(
            boxes=boxes, scores=found["scores"], class_ids=found["class_ids"], distances=found["distances"],
            embeddings=found["embeddings"], rois=rois[kept], masks=tuple(masks[i] for i in kept),
            height=height, width=width, class_names=(*manifest.class_names, *names),
        )  # fmt: skip
        return instances, Timing(ready - start, done - ready, time.perf_counter() - done)

    def _warm_up(self) -> None:
        manifest = self.bundle.manifest
        try:
            self.segment(np.zeros((manifest.input_height, manifest.input_width, 3), np.uint8))
        except ORT_ERRORS as err:  # of a device without memory or a graph that contradicts itself
            reason = str(err).strip().splitlines()[0][:300]
            raise BundleError(f"model.onnx does not run on {self.provider}: {reason} ({self.bundle.path})") from None

    def _run(
        self, image: np.ndarray, score: np.float32, unknown: np.float32, names: np.ndarray
    ) -> dict[str, np.ndarray]:
        values = {"image": image, "score_threshold": score, "unknown_threshold": unknown, NAMES: names, **self._classes}
        feeds = {name: np.asarray(values[name]) for name in self._inputs}
        if self._one_run is None:
            values = self._session.run(self._outputs, feeds)
        else:
            with self._one_run:
                values = self._session.run(self._outputs, feeds)
        found = dict(zip(self._outputs, values, strict=True))
        if "count" not in found:
            return found
        count = int(found.pop("count"))
        return {name: value[:count] for name, value in found.items()}

    def _checked_outputs(self) -> list[str]:
        """The outputs to ask for. Raises BundleError for a graph that is not of the form this class runs."""
        manifest = self.bundle.manifest
        given = [*self._session.get_inputs(), *self._session.get_overridable_initializers()]
        inputs = {value.name: value for value in given}
        outputs = [value.name for value in self._session.get_outputs()]
        expected, made = (SCENE_INPUTS, SCENE_OUTPUTS) if manifest.scene else (INPUTS, OUTPUTS)
        expected = (*expected, *(() if manifest.word_dim is None else (NAMES,)), *self._classes)
        for kind, wanted, present in (("input", expected, inputs), ("output", made, outputs)):
            missing = [name for name in wanted if name not in present]
            if missing:
                raise BundleError(
                    f"model.onnx has no {kind} '{missing[0]}', expected {', '.join(wanted)}; "
                    f"make it with `osis export` ({self.bundle.path})"
                )
        shape = [manifest.input_height, manifest.input_width, 3]
        image = inputs["image"]
        if image.shape != shape or image.type != "tensor(uint8)":
            raise BundleError(
                f"model.onnx: input 'image' is {image.type} {image.shape}, model.yaml expects tensor(uint8) {shape} "
                f"({self.bundle.path})"
            )
        self._inputs = expected
        return [*made, "count"] if "count" in outputs else list(made)


def _image_size(rgb: np.ndarray) -> tuple[int, int]:
    if not isinstance(rgb, np.ndarray) or rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.size:
        form = f"{rgb.dtype} {list(rgb.shape)}" if isinstance(rgb, np.ndarray) else type(rgb).__name__
        raise ValueError(f"image is {form}, expected uint8 [H, W, 3] RGB with at least one pixel")
    return rgb.shape[0], rgb.shape[1]


def _checked(name: str, value: float | None, default: float, low: float, high: float) -> float:
    if value is None:
        return default
    if not low <= value <= high:
        raise ThresholdError(f"{name} is {value}, expected {low}..{high}")
    return value
