"""`osis pick-benchmark`: counts the objects that a simulated gripper lifts, with depth noise and contact physics."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from osis_ros.geometry.clusters import depth_clusters
from osis_ros.geometry.grasps import box_grasps
from osis_ros.geometry.locate import Locator
from osis_ros.geometry.objects import Objects
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.inference.segmenter import Segmenter
from osis_ros.instances import Instances
from osis_ros.simulation.depth_sensor import SENSORS, measure
from osis_ros.simulation.film import truth
from osis_ros.simulation.gripper import Gripper, add_gripper
from osis_ros.simulation.render import Frame, Renderer
from osis_ros.simulation.scene import make_scene
from osis_ros.simulation.truth3d import ObjectTruth, object_truths

TRUE, CLUSTERS = "true masks", "depth clusters"
LEAST_IOU = 0.25  # of an object's mask with the one that is taken for it
LOWEST = 0.2  # score of a mask that the depth may confirm
LEAST_VISIBLE = 0.3  # of an object's silhouette; what is hidden further is not asked for
HEAPED = 0.8  # an object seen less than that has something before it


@dataclass(frozen=True)
class Attempt:
    """One object of one scene, by the masks of one source.

    Attributes:
        masks: `true masks`, `depth clusters`, the model's name, or that and `, depth` for its masks as the localizer
            corrects them: those with a score of LOWEST or more, if the depth confirms them.
        known: whether its category is one that a model can know.
        visible: share of its silhouette.
        result: `lifted`; or why not: `not found` (no mask of it), `no place` (no depth), `no grasp` (too large or too
            low for the hand), `blocked`, `missed`, `slipped`, `another lifted`.
    """

    scene: int
    category: str
    known: bool
    visible: float
    masks: str
    result: str


def attempts(
    scenes: int, first: int, split: str, sensor: str, segmenter: Segmenter | None, objects: int | None
) -> Iterator[Attempt]:
    """Try to grasp every object of every scene. Each attempt starts from the scene at rest.

    Args:
        scenes: how many; their seeds are first, first + 1, …
        split: whose objects and textures they show.
        sensor: one of `SENSORS`.
        segmenter: the model, None for none.
        objects: in a scene; a random number when None.
    """
    with Renderer() as renderer:
        for seed in range(first, first + scenes):
            scene = make_scene(seed, split, objects, add_gripper)
            view = scene.view(0)
            frame = renderer.frame(scene, replace(view, camera=scene.orbit(0.0)))
            depth = measure(frame.depth, frame.camera.intrinsics[0, 0], SENSORS[sensor], np.random.default_rng(seed))
            depth = np.where(depth > 0, depth, np.nan).astype(np.float32)
            gripper = Gripper(scene)
            asked = [item for item in object_truths(scene, frame) if item.visible_share >= LEAST_VISIBLE]
            for masks, located, instances in _by_source(frame, depth, segmenter):
                for item in asked:
                    result = _try(item, frame, instances, located, gripper)
                    yield Attempt(seed, item.category, item.known, item.visible_share, masks, result)


def _by_source(
    frame: Frame, depth: np.ndarray, segmenter: Segmenter | None
) -> Iterator[tuple[str, Objects, Instances]]:
    """The name of the masks, the objects in the world frame, and the instances.

    Gravity is known, as it is to the localizer with a `target_frame`.
    """
    k = frame.camera.intrinsics
    camera = Pinhole(frame.camera.width, frame.camera.height, k[0, 0], k[1, 1], k[0, 2] - 0.5, k[1, 2] - 0.5)
    pose, up = frame.camera.pose, frame.camera.pose[2, :3].copy()
    real = truth(frame)
    objects = Locator(up).locate(real, depth, camera)
    plane = objects.plane
    yield TRUE, objects.transformed(pose), real
    if segmenter is not None:
        found = segmenter.segment(frame.rgb)
        yield segmenter.bundle.name, Locator(up).locate(found, depth, camera).transformed(pose), found
        doubtful = segmenter.segment(frame.rgb, score_threshold=LOWEST)
        sure = segmenter.bundle.manifest.thresholds.score
        objects, mended = Locator(up).locate_mended(doubtful, depth, camera, sure=sure)
        yield f"{segmenter.bundle.name}, depth", objects.transformed(pose), mended
    if plane is not None:
        clusters = depth_clusters(depth, camera, plane)
        yield CLUSTERS, Locator(up).locate(clusters, depth, camera).transformed(pose), clusters


def _try(item: ObjectTruth, frame: Frame, instances: Instances, objects: Objects, gripper: Gripper) -> str:
    number = _instance_of(item, frame, instances)
    if number is None:
        return "not found"
    if number not in objects.ids:
        return "no place"
    grasps = box_grasps(objects)
    own = np.flatnonzero(grasps.object_ids == number)
    if not len(own):
        return "no grasp"
    best = own[0]
    axes = np.linalg.qr(grasps.axes[best].astype(float))[0]  # exactly a rotation again, after single precision
    axes *= np.sign((axes * grasps.axes[best]).sum(0))
    outcome = gripper.grasp(grasps.positions[best].astype(float), axes, float(grasps.widths[best]))
    if outcome.why == "lifted" and outcome.body != item.body:
        return "another lifted"
    return outcome.why


def _instance_of(item: ObjectTruth, frame: Frame, instances: Instances) -> int | None:
    """The id of the instance whose mask overlaps the object's most."""
    real = frame.instance_ids == item.instance_id
    best, number = LEAST_IOU, None
    for row in range(len(instances)):
        x, y, width, height = instances.rois[row].tolist()
        mask = instances.masks[row]
        shared = int(np.count_nonzero(mask & real[y : y + height, x : x + width]))
        iou = shared / (np.count_nonzero(mask) + np.count_nonzero(real) - shared)
        if iou > best:
            best, number = iou, int(instances.ids[row])
    return number


def wilson(hits: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927), each end in 0..1."""
    if count == 0:
        return 0.0, 1.0
    share, root = hits / count, z * np.sqrt(hits / count * (1 - hits / count) / count + (z / (2 * count)) ** 2)
    middle, scale = share + z * z / (2 * count), 1 + z * z / count
    return float((middle - root) / scale), float((middle + root) / scale)


def is_report(path: Path) -> bool:
    """Whether a file is the JSON report of an earlier run."""
    try:
        report = json.loads(path.read_text())
    except (OSError, ValueError):
        return False
    return isinstance(report, dict) and report.keys() == {"masks", "attempts"}


def summary(done: list[Attempt]) -> dict:
    """Of each source of masks: shares lifted with their intervals, and why the others were not."""
    strata = {
        "all": lambda a: True, "known": lambda a: a.known, "unknown": lambda a: not a.known,
        f"seen ≥ {HEAPED:.0%}": lambda a: a.visible >= HEAPED, f"seen < {HEAPED:.0%}": lambda a: a.visible < HEAPED,
    }  # fmt: skip
    report: dict = {"masks": {}, "attempts": [asdict(attempt) for attempt in done]}
    for masks in dict.fromkeys(attempt.masks for attempt in done):
        own = [attempt for attempt in done if attempt.masks == masks]
        rows = {}
        for name, chosen in strata.items():
            part = [attempt for attempt in own if chosen(attempt)]
            hits = sum(attempt.result == "lifted" for attempt in part)
            low, high = wilson(hits, len(part))
            rows[name] = {"lifted": hits, "objects": len(part), "share": hits / max(len(part), 1)}
            rows[name] |= {"low": low, "high": high}
        why = Counter(attempt.result for attempt in own if attempt.result != "lifted")
        report["masks"][masks] = {"strata": rows, "failures": dict(why.most_common())}
    return report
