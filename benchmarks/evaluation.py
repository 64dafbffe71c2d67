"""How long `osis evaluate` takes on 5,000 images with 100 detections each.

    python benchmarks/evaluation.py [--images 5000] [--detections 100] [--goss]

Makes COCO-like data (640 × 480, 80 categories, 20 of them known, about 7 objects an image as in COCO val, half of the
detections near an object), writes it as JSON to a temporary folder and scores it from there, reading included.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from osis_ros.coco.rle import encode
from osis_ros.evaluation.jobs.evaluate import Options, evaluate

HEIGHT, WIDTH = 480, 640
KNOWN, CATEGORIES, UNKNOWN_ID = 20, 80, 1000
DISTINCT = 100  # images that differ; further ones repeat them, which costs the evaluation just as much


def blob(rng: np.random.Generator, x: float, y: float, w: float, h: float) -> dict:
    """A rough ellipse in a box, as run-length encoding; its outline wavers as a network's masks do."""
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    radius = 1 + 0.08 * rng.standard_normal(48)
    outline = np.stack([x + w / 2 * (1 + radius * np.cos(angle)), y + h / 2 * (1 + radius * np.sin(angle))], axis=1)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillPoly(mask, [outline.round().astype(np.int32)], 1)
    left, top, columns, rows = cv2.boundingRect(mask)
    return encode(mask[top : top + rows, left : left + columns], (left, top), (HEIGHT, WIDTH))


def random_box(rng: np.random.Generator) -> tuple[float, float, float, float]:
    w, h = np.exp(rng.uniform(np.log(12), np.log(300), 2))
    return rng.uniform(0, WIDTH - w), rng.uniform(0, HEIGHT - h), w, h


def image_content(rng: np.random.Generator, detections: int) -> tuple[list[dict], list[dict]]:
    boxes = [random_box(rng) for _ in range(rng.poisson(7) + 1)]
    classes = rng.integers(1, CATEGORIES + 1, len(boxes))
    objects = [{"category_id": int(c), "segmentation": blob(rng, *box)} for box, c in zip(boxes, classes, strict=True)]
    found = []
    for _ in range(detections):
        near = rng.random() < 0.5
        which = rng.integers(len(boxes))
        box = tuple(np.asarray(boxes[which]) + rng.normal(0, 4, 4)) if near else random_box(rng)
        box = (*box[:2], max(box[2], 3.0), max(box[3], 3.0))
        category = int(classes[which]) if near and classes[which] <= KNOWN else int(rng.integers(1, 2 * KNOWN))
        found.append({"category_id": category if category <= KNOWN else UNKNOWN_ID, "segmentation": blob(rng, *box),
                      "score": float(rng.random())})  # fmt: skip
    return objects, found


def write_data(folder: Path, images: int, detections: int) -> tuple[Path, Path]:
    rng = np.random.default_rng(0)
    distinct = [image_content(rng, detections) for _ in range(min(DISTINCT, images))]
    repeated = [(i + 1, *distinct[i % len(distinct)]) for i in range(images)]
    truth = {
        "images": [{"id": i, "file_name": f"{i}.jpg", "height": HEIGHT, "width": WIDTH} for i, _, _ in repeated],
        "categories": [{"id": c, "name": f"class {c}"} for c in range(1, CATEGORIES + 1)],
        "annotations": [{"image_id": i, **o} for i, objects, _ in repeated for o in objects],
        "known_ids": list(range(1, KNOWN + 1)),
    }
    truth["annotations"] = [{"id": n, "iscrowd": 0, **a} for n, a in enumerate(truth["annotations"], 1)]
    found = [{"image_id": i, **d} for i, _, detected in repeated for d in detected]
    for name, content in (("truth.json", truth), ("found.json", found)):
        (folder / name).write_text(json.dumps(content))
    return folder / "truth.json", folder / "found.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--detections", type=int, default=100)
    parser.add_argument("--goss", action="store_true", help="also the GOSS quality of the label images")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        truth, found = write_data(Path(folder), arguments.images, arguments.detections)
        size = found.stat().st_size / 1e6
        start = time.perf_counter()
        report = evaluate(Options(truth, found, goss=arguments.goss))
        seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{arguments.images} images × {arguments.detections} detections ({size:.0f} MB of JSON): {seconds:.1f} s, "
          f"peak memory {memory:.1f} GiB, AP_k {report['known']['AP']:.2f}, AOSE {report['AOSE']}")  # fmt: skip


if __name__ == "__main__":
    main()
