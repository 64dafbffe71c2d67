"""What teacher–student mask heads give for classes whose masks are hidden (docs/partial-supervision.md).

    OMP_NUM_THREADS=1 python benchmarks/hidden_masks.py --data data --output hidden-masks

Mask R-CNN at the sizes of the study `tabletop-small`. First the whole network is trained on boxes alone, so nothing in
it has seen a mask. From these weights only mask heads are trained, with the masks of six of the twelve classes: a row
for each way. The figures are mask AP on scenes of val, with boxes and classes given (`osis mask-quality`), so that
masks alone count. A run that is stopped goes on with the same command.
"""

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

from osis_ros.errors import OsisError
from osis_ros.training.fit import fit
from osis_ros.training.mask_quality import mask_quality
from osis_ros.training.prepare import prepare_scenes, require_files
from osis_ros.training.study.config import StudyConfig, load_study, training_of

SYSTEM = "mask-rcnn"  # the paper's
HIDDEN = ("mug", "banana", "screwdriver", "marker", "spring_clamp", "book")
SHOWN = ("bottle", "bowl", "can", "carton", "plate", "apple")
SOURCE = "train.scenes"
AGNOSTIC = {"model.mask.output": "class_agnostic"}


@dataclass(frozen=True)
class Row:
    """A way to train the mask heads.

    Attributes:
        set: entries of the training configuration.
        rectangles: the hidden classes' masks are their boxes.
    """

    set: dict[str, Any] = field(default_factory=dict)
    rectangles: bool = False


def taught(**teacher: Any) -> Row:
    """A class-specific mask head that learns the hidden masks from a teacher."""
    return Row({f"{SOURCE}.boxes_only": HIDDEN, "model.mask_teacher": teacher})


ROWS = {
    "masks of the other classes": Row({f"{SOURCE}.boxes_only": HIDDEN, **AGNOSTIC}),
    "boxes as masks": Row(AGNOSTIC, rectangles=True),
    "teacher, rule threshold": taught(convs=2, rule="threshold"),
    "teacher, rule interaction": taught(convs=2),
    "teacher of 12 convolutions": taught(convs=12),
    "all masks": Row(AGNOSTIC),
    "all masks, one for each class": Row(),
}


def train(study: StudyConfig, name: str, entries: dict[str, Any], data: Path, output: Path, **start: Any) -> Path:
    """The last checkpoint of OUTPUT/NAME, which is trained as `study` says but for `entries`."""
    config = training_of(study.model_copy(update={"set": {**study.set, **entries}}), SYSTEM, 0)[0]
    return fit(config.model_copy(update={"name": name}), data, output, **start)


def with_rectangles(annotations: Path, written: Path) -> Path:
    """A copy of a COCO-format file in which the masks of the hidden classes are their boxes."""
    tree = json.loads(annotations.read_text("utf-8"))
    hidden = {category["id"] for category in tree["categories"] if category["name"] in HIDDEN}
    for one in tree["annotations"]:
        if one["category_id"] in hidden:
            x, y, w, h = one["bbox"]
            one["segmentation"] = [[x, y, x + w, y, x + w, y + h, x, y + h]]
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(json.dumps(tree), "utf-8")
    return written


def scores(checkpoint: Path, study: StudyConfig, data: Path) -> tuple[float, float]:
    """AP of the hidden and of the shown classes, in percent; boxes and classes given."""
    test = next(iter(study.tests.values()))
    truth, images = data / test.ground_truth, data / test.images
    by_class = mask_quality(checkpoint, truth, images, None, study.short_side, study.long_side)["AP_per_known_class"]
    return mean(by_class[name] for name in HIDDEN), mean(by_class[name] for name in SHOWN)


def run(data: Path, output: Path, trunk_steps: int, steps: int) -> None:
    study = load_study("tabletop-small")
    base = training_of(study, SYSTEM, 0)[0]
    require_files(base, data)
    prepare_scenes(base, data)
    drawn = with_rectangles(data / base.train["scenes"].annotations, output / "rectangles.json")
    trunk = train(study, "trunk", {f"{SOURCE}.boxes_only": "all", "steps": trunk_steps, **AGNOSTIC}, data, output)
    print(f"{'mask AP, boxes and classes given':36s}{'hidden':>8s}{'shown':>8s}", flush=True)
    for number, (title, row) in enumerate(ROWS.items()):
        heads = [head for head in ("mask_head", "mask_teacher") if head == "mask_head" or f"model.{head}" in row.set]
        entries = {**row.set, "steps": steps, "only": heads}
        if row.rectangles:
            entries[f"{SOURCE}.annotations"] = str(drawn.resolve())
        last = train(study, f"heads-{number}", entries, data, output, init=trunk)
        print(f"{title:36s}" + "".join(f"{ap:8.1f}" for ap in scores(last, study, data)), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of scenes, photographs and weights")
    parser.add_argument("--output", type=Path, default=Path("hidden-masks"), help="folder of the runs")
    parser.add_argument("--trunk-steps", type=int, default=1500, help="steps of 4 images on boxes alone")
    parser.add_argument("--steps", type=int, default=1500, help="steps of 4 images of each row")
    options = parser.parse_args()
    try:
        run(options.data, options.output, options.trunk_steps, options.steps)
    except OsisError as error:
        raise SystemExit(f"hidden_masks: {error}") from None


if __name__ == "__main__":
    main()
