"""What depth adds to masks: overlap precision, recall and F of colour, of depth clusters, of colour without what does
not stand on the support, of that with the clusters that no mask covers, and of all that with masks of lower scores that
the depth confirms.

    python benchmarks/masks_with_depth.py [--model tabletop] [--scenes 30] [--first 0]
    python benchmarks/masks_with_depth.py --images DIR --ground-truth FILE --camera FILE

Without images it renders test scenes with a stereo camera's noise. Otherwise: COCO-format masks whose images name their
aligned depth image (16-bit millimetres) in `depth_file`, and may hold an `unlabelled` region that is not judged; the
camera is a JSON file with fx, fy, x_offset, y_offset. F is the mean over images, as in the papers' tables.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from osis_ros.coco.rle import decode
from osis_ros.coco.segmentation import to_rle
from osis_ros.evaluation.metrics.overlap import mean, overlap
from osis_ros.geometry.clusters import depth_clusters
from osis_ros.geometry.depth import depth_in_metres
from osis_ros.geometry.locate import Locator
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.inference.image_file import read_image
from osis_ros.inference.label_image import label_image
from osis_ros.inference.segmenter import Segmenter
from osis_ros.instances import Instances


@dataclass(frozen=True, eq=False)
class Picture:
    """Colour, depth in metres (NaN for none), camera, true labels, and the pixels that are judged."""

    name: str
    rgb: np.ndarray
    depth: np.ndarray
    camera: Pinhole
    truth: np.ndarray
    judged: np.ndarray | None = None


def recorded(images: Path, ground_truth: Path, camera: Path) -> Iterator[Picture]:
    tree, k = json.loads(ground_truth.read_text()), json.loads(camera.read_text())
    for image in tree["images"]:
        height, width = image["height"], image["width"]
        truth = np.zeros((height, width), np.int32)
        own = (a for a in tree["annotations"] if a["image_id"] == image["id"])
        for number, annotation in enumerate(own, 1):
            truth[decode(to_rle(annotation["segmentation"], height, width))] = number
        judged = ~decode(image["unlabelled"]) if image.get("unlabelled") else None
        depth = cv2.imread(str(images / image["depth_file"]), cv2.IMREAD_UNCHANGED)
        lens = Pinhole(width, height, k["fx"], k["fy"], k["x_offset"], k["y_offset"])
        yield Picture(image["file_name"], read_image(images / image["file_name"]), depth_in_metres(depth, "16UC1"),
                      lens, truth, judged)  # fmt: skip


def rendered(seeds: range) -> Iterator[Picture]:
    from osis_ros.simulation.depth_sensor import SENSORS, measure
    from osis_ros.simulation.render import Renderer
    from osis_ros.simulation.scene import make_scene

    with Renderer() as renderer:
        for seed in seeds:
            scene = make_scene(seed, "test")
            frame = renderer.frame(scene, scene.view(0))
            k = frame.camera.intrinsics
            noisy = measure(frame.depth, k[0, 0], SENSORS["stereo"], np.random.default_rng(seed))
            lens = Pinhole(640, 480, k[0, 0], k[1, 1], k[0, 2] - 0.5, k[1, 2] - 0.5)
            depth = np.where(noisy > 0, noisy, np.nan).astype(np.float32)
            yield Picture(f"scene {seed}", frame.rgb, depth, lens, frame.instance_ids.astype(np.int32))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tabletop")
    parser.add_argument("--score-threshold", type=float, help="lowest score of the model; its own by default")
    parser.add_argument("--lowest", type=float, default=0.2, help="lowest score that the depth may confirm")
    parser.add_argument("--scenes", type=int, default=30)
    parser.add_argument("--first", type=int, default=0, help="seed of the first scene")
    parser.add_argument("--images", type=Path)
    parser.add_argument("--ground-truth", type=Path)
    parser.add_argument("--camera", type=Path)
    parser.add_argument("--draw", type=Path, help="also write a picture of each image's masks to this folder")
    arguments = parser.parse_args()
    if arguments.images and arguments.ground_truth and arguments.camera:
        pictures = recorded(arguments.images, arguments.ground_truth, arguments.camera)
    else:
        pictures = rendered(range(arguments.first, arguments.first + arguments.scenes))
    segmenter = Segmenter(arguments.model)
    sure = arguments.score_threshold
    if sure is None:
        sure = segmenter.bundle.manifest.thresholds.score
    ways = ("colour", "depth clusters", "colour, standing", "colour and depth", "lower scores too")
    scores: dict[str, list] = {way: [] for way in ways}
    for picture in pictures:
        colour, all_scores = (
            segmenter.segment(picture.rgb, score_threshold=score) for score in (sure, arguments.lowest)
        )
        seen = (picture.depth, picture.camera)
        objects, standing = Locator().locate_mended(colour, *seen, add=False)
        clusters = colour.take([]) if objects.plane is None else depth_clusters(*seen, objects.plane)
        mended = (Locator().locate_mended(masks, *seen, sure=sure)[1] for masks in (colour, all_scores))
        found = (colour, clusters, standing, *mended)
        for way, instances in zip(ways, found, strict=True):
            scores[way].append(overlap(label_image(instances), picture.truth, picture.judged))
        line = "  ".join(f"{way} {100 * scores[way][-1].f:5.1f}" for way in ways)
        print(f"{picture.name:20} {len(np.unique(picture.truth)) - 1:3} objects  F: {line}")
        if arguments.draw:
            draw(arguments.draw, picture, found)
    for way, parts in scores.items():
        total = mean(parts)
        print(
            f"{way:18} precision {100 * total.precision:5.1f}  recall {100 * total.recall:5.1f}  F {100 * total.f:5.1f}"
        )


def draw(folder: Path, picture: Picture, ways: Sequence[Instances]) -> None:
    from osis_ros.inference.overlay import draw_overlay

    folder.mkdir(parents=True, exist_ok=True)
    tiles = [draw_overlay(picture.rgb, instances) for instances in ways]
    file = folder / f"{Path(picture.name).stem.replace(' ', '_')}.jpg"
    cv2.imwrite(str(file), cv2.cvtColor(np.concatenate(tiles, axis=1), cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    main()
