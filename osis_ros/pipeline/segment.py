"""The first stage: the network, which finds the instances."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from osis_ros.inference.bundle import DEFAULT_MODEL
from osis_ros.inference.manifest import BundleError
from osis_ros.inference.provider import SPIN
from osis_ros.inference.segmenter import Segmenter
from osis_ros.pipeline.frame import Frame
from osis_ros.pipeline.setting import MODELS_OWN, UNCONFIGURED, Setting
from osis_ros.pipeline.stage import Stage
from osis_ros.words.names_file import NamesError, read_names_file

NAMES = Setting("names", "",
                "File of `osis names`: what a zero-shot model looks for beside its classes, or, with guess.map or "
                "guess.image_model, what unknown objects may be. Empty for none.", UNCONFIGURED)  # fmt: skip


class Segment(Stage):
    """Runs a model bundle. Thresholds may change from frame to frame."""

    settings = (
        Setting("model", DEFAULT_MODEL,
                "Folder of a model bundle, or the name of a model in the package.", UNCONFIGURED),
        Setting("provider", "auto", "What the model runs on; auto uses CUDA if it works, else the CPU.",
                UNCONFIGURED, choices=("auto", "cpu", "cuda", "tensorrt")),
        Setting("threads", 0, "CPU threads of the model; 0 for as many as the cores that the process may use.",
                UNCONFIGURED, low=0, high=256),
        Setting("spin", SPIN,
                "Seconds that a CPU thread of the model waits for more work before it sleeps. More is a little faster "
                "on a computer that does nothing else, and much slower beside other programs.",
                UNCONFIGURED, low=0.0, high=1.0),
        Setting("score_threshold", MODELS_OWN,
                "Instances with a lower score are dropped, 0..1; -1 for the model's own threshold.",
                low=0.0, high=1.0, models_own=True),
        Setting("unknown_threshold", MODELS_OWN,
                "T_u: an instance is unknown if its distance from the known classes exceeds this; 0..2, or 0..1 if "
                "model.yaml has unknown_by probability or odds; -1 for the model's own threshold.",
                low=0.0, high=2.0, models_own=True),
        NAMES,
    )  # fmt: skip

    def __init__(self, values: Mapping[str, object]) -> None:
        self.segmenter = Segmenter(values["model"], values["provider"], threads=values["threads"], spin=values["spin"])
        bundle, unknown = self.segmenter.bundle, _given(values, "unknown_threshold")
        if unknown is not None and (reason := bundle.manifest.refusal(unknown)):  # or every image would be refused
            raise BundleError(f"unknown_threshold is {reason} ({bundle.path})")
        names = str(values[NAMES.name]).strip()
        if names and bundle.manifest.word_dim is not None:
            self.segmenter.ask(read_names_file(Path(names).expanduser()))
        elif names and not any(str(values.get(name, "")).strip() for name in ("guess.map", "guess.image_model")):
            raise NamesError(f"names is given, but the model '{bundle.name}' takes no names; set guess.map or "
                             "guess.image_model to guess what unknown objects are")  # fmt: skip
        self.limits = {
            "max_instances": bundle.manifest.thresholds.max_instances,
            "unknown_threshold": bundle.manifest.highest_unknown,
        }

    def score_threshold(self, values: Mapping[str, object]) -> float:
        """The lowest score that is reported: the given one, or the model's own."""
        given = _given(values, "score_threshold")
        return self.segmenter.bundle.manifest.thresholds.score if given is None else given

    def __call__(self, frame: Frame, values: Mapping[str, object]) -> Frame:
        thresholds = {name: _given(values, name) for name in ("score_threshold", "unknown_threshold")}
        begun = time.monotonic()
        instances = self.segmenter.segment(frame.rgb, **thresholds)
        inference = time.monotonic() - begun
        return replace(frame, instances=instances, model=self.segmenter.bundle.name, inference=inference)


def _given(values: Mapping[str, object], name: str) -> float | None:
    return None if values[name] == MODELS_OWN else values[name]
