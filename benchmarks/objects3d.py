"""How far objects in space can be trusted, against the simulator's truth, and against the boxes that others use.

    python benchmarks/objects3d.py [--scenes 40] [--sensor stereo] [--model tabletop] [--json FILE]

Each scene is seen from 0.8 m at pitches of 30 to 85 degrees. Three layers: true masks and perfect depth (the geometry
alone), true masks and the sensor's noise, the model's masks and the noise. Beside our upright box stand, of the same
points: an axis-aligned box of their 3rd to 97th percentile in the table's frame, and a box along their principal axes.
"""

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from osis_ros.evaluation.metrics.boxes3d import sampled_iou, upright_iou
from osis_ros.geometry.box import free_box
from osis_ros.geometry.locate import Locator
from osis_ros.geometry.objects import Objects
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.instances import Instances
from osis_ros.simulation.camera import Camera, look_at, pinhole
from osis_ros.simulation.depth_sensor import SENSORS, measure
from osis_ros.simulation.film import truth
from osis_ros.simulation.render import Frame, Renderer
from osis_ros.simulation.scene import Scene, make_scene
from osis_ros.simulation.truth3d import ObjectTruth, object_truths

PITCHES = (30, 45, 60, 85)
SOLIDS = ("can", "carton", "book", "bottle", "mug", "marker")  # boxes and cylinders, more or less
DISTANCE, FOV = 0.8, 43.6  # m, degrees: fx 600 at 640×480


def views(scene: Scene) -> list[tuple[int, Camera]]:
    """A camera for each pitch, round the scene's middle; always from the front where a wall stands behind."""
    cameras = []
    for index, pitch in enumerate(PITCHES):
        heading = -np.pi / 2 if scene.front_only else scene.seed + index * np.pi / 2
        up = np.deg2rad(pitch)
        away = DISTANCE * np.array([np.cos(up) * np.cos(heading), np.cos(up) * np.sin(heading), np.sin(up)])
        pose = look_at(scene.centre + away, scene.centre)
        cameras.append((pitch, Camera(640, 480, pinhole(640, 480, FOV), pose)))
    return cameras


def ros_camera(camera: Camera) -> Pinhole:
    """The camera as a CameraInfo describes it, with the centre of the first pixel at 0."""
    k = camera.intrinsics
    return Pinhole(camera.width, camera.height, k[0, 0], k[1, 1], k[0, 2] - 0.5, k[1, 2] - 0.5)


def boxes_by_way(objects: Objects, row: int, world: Objects) -> dict[str, tuple]:
    """centre, axes, size in the world frame of the same points' box, made in three ways."""
    points = world.points[row]
    low, high = np.percentile(points, (3, 97), axis=0)
    principal = free_box(points)
    ours = world.box(row)
    return {
        "upright on plane": (ours.centre, ours.axes, ours.size),
        "axis-aligned": ((low + high) / 2, np.eye(3), np.maximum(high - low, 0.001)),
        "principal axes": (principal.centre, principal.axes, np.maximum(principal.size, 0.001)),
    }


def iou(box: tuple, real: ObjectTruth, way: str) -> float:
    centre, axes, size = box
    if way == "principal axes":
        turn = np.array([[np.cos(real.yaw), -np.sin(real.yaw), 0], [np.sin(real.yaw), np.cos(real.yaw), 0], [0, 0, 1]])
        return sampled_iou(centre, axes, size, (real.centre, turn, real.size))
    return upright_iou(centre, size, float(np.arctan2(axes[1, 0], axes[0, 0])), (real.centre, real.size, real.yaw))


def matched(instances: Instances, frame: Frame) -> dict[int, int]:
    """id of a found instance -> instance id of the true one, where their masks overlap by more than half (IoU)."""
    pairs = {}
    for row in range(len(instances)):
        mask = instances.full_mask(row)
        ids, counts = np.unique(frame.instance_ids[mask], return_counts=True)
        for real, shared in zip(ids.tolist(), counts.tolist()):
            whole = np.count_nonzero(frame.instance_ids == real)
            if real and shared > 0.5 * (np.count_nonzero(mask) + whole - shared) and real not in pairs.values():
                pairs[int(instances.ids[row])] = real
    return pairs


class Tally:
    """Errors by layer, way, pitch and visible share."""

    def __init__(self) -> None:
        self.rows: list[dict] = []
        self.planes: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self.seconds: list[float] = []
        self.missed: dict[str, int] = defaultdict(int)

    def add(self, layer: str, pitch: int, objects: Objects, pairs: dict[int, int], scene: Scene, frame: Frame) -> None:
        pose = frame.camera.pose
        real = {item.instance_id: item for item in object_truths(scene, frame)}
        if objects.plane is None:
            self.planes[layer].append((np.nan, np.nan))
        else:
            normal = np.linalg.inv(pose)[:3, 2]
            turn = np.degrees(np.arccos(np.clip(objects.plane.normal @ normal, -1, 1)))
            self.planes[layer].append((turn, 1000 * abs(objects.plane.offset - pose[2, 3])))
        world = objects.transformed(pose)
        seen = set()
        for row, number in enumerate(objects.ids.tolist()):
            if number not in pairs:
                continue
            item = real[pairs[number]]
            seen.add(item.instance_id)
            for way, box in boxes_by_way(objects, row, world).items():
                self.rows.append(
                    {
                        "layer": layer, "way": way, "pitch": pitch, "visible": item.visible_share,
                        "category": item.category, "border": bool(objects.touching_border[row]),
                        "iou": iou(box, item, way), "centre": 1000 * float(np.linalg.norm(box[0] - item.centre)),
                        "height": 1000 * abs(float(box[2][2] - item.size[2])),
                    }
                )  # fmt: skip
        self.missed[layer] += len(real.keys() - seen)


def report(tally: Tally) -> dict:
    """Print the tables; the same figures as a dictionary."""
    figures: dict = {"planes": {}, "strata": []}
    for layer, planes in tally.planes.items():
        turns, shifts = np.array(planes).T
        figures["planes"][layer] = {
            "none": int(np.isnan(turns).sum()), "frames": len(turns), "turn_median": float(np.nanmedian(turns)),
            "turn_p95": float(np.nanpercentile(turns, 95)), "shift_median": float(np.nanmedian(shifts)),
            "shift_p95": float(np.nanpercentile(shifts, 95)),
        }  # fmt: skip
        p = figures["planes"][layer]
        print(f"plane, {layer}: not found in {p['none']} of {p['frames']} frames; "
              f"turned by {p['turn_median']:.2f} degrees (p95 {p['turn_p95']:.2f}), "
              f"shifted by {p['shift_median']:.2f} mm (p95 {p['shift_p95']:.2f})")  # fmt: skip
    strata = {
        "boxes and cylinders, ≥ 50 % seen, 30–60°": lambda r: r["category"] in SOLIDS and r["visible"] >= 0.5
        and r["pitch"] <= 60,
        "all, > 90 % seen": lambda r: r["visible"] > 0.9,
        "all, 50–90 % seen": lambda r: 0.5 <= r["visible"] <= 0.9,
        "all, 10–50 % seen": lambda r: 0.1 <= r["visible"] < 0.5,
        **{f"all, ≥ 50 % seen, {p}°": lambda r, p=p: r["pitch"] == p and r["visible"] >= 0.5 for p in PITCHES},
    }  # fmt: skip
    for layer in tally.planes:
        print(f"\n{layer} ({tally.missed[layer]} objects without a box)")
        print(f"{'':42}{'box':18}{'n':>5}{'IoU':>7}{'>.5':>6}{'centre mm':>11}{'p90':>7}{'height mm':>11}")
        for name, chosen in strata.items():
            for way in ("upright on plane", "axis-aligned", "principal axes"):
                rows = [
                    r for r in tally.rows if r["layer"] == layer and r["way"] == way and chosen(r) and not r["border"]
                ]
                if not rows:
                    continue
                ious, centres = np.array([r["iou"] for r in rows]), np.array([r["centre"] for r in rows])
                row = {"layer": layer, "stratum": name, "way": way, "n": len(rows), "iou": float(ious.mean()),
                       "over_half": float((ious > 0.5).mean()), "centre_median": float(np.median(centres)),
                       "centre_p90": float(np.percentile(centres, 90)),
                       "height_median": float(np.median([r["height"] for r in rows]))}  # fmt: skip
                figures["strata"].append(row)
                label = name if way == "upright on plane" else ""
                print(f"{label:42}{way:18}{row['n']:5}{row['iou']:7.2f}{100 * row['over_half']:5.0f}%"
                      f"{row['centre_median']:11.1f}{row['centre_p90']:7.1f}{row['height_median']:11.1f}")  # fmt: skip
    figures["ms"] = float(1000 * np.median(tally.seconds))
    print(f"\n{figures['ms']:.1f} ms a frame (median, {len(tally.seconds)} frames)")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=40)
    parser.add_argument("--split", default="val")
    parser.add_argument("--sensor", choices=sorted(SENSORS), default="stereo")
    parser.add_argument("--model", help="also the layer of this bundle's masks")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    segmenter = None
    if arguments.model:
        from osis_ros.inference.segmenter import Segmenter

        segmenter = Segmenter(arguments.model)
    tally = Tally()
    with Renderer() as renderer:
        for seed in range(arguments.scenes):
            scene = make_scene(seed, arguments.split)
            for pitch, camera in views(scene):
                view = scene.view(0)
                frame = renderer.frame(scene, type(view)(camera, view.lighting, view.sensor, view.table, seed))
                oracle, lens = truth(frame), ros_camera(camera)
                if not len(oracle):
                    continue
                rng = np.random.default_rng([seed, pitch])
                noisy = measure(frame.depth, camera.intrinsics[0, 0], SENSORS[arguments.sensor], rng)
                own = {int(number): int(number) for number in oracle.ids}
                for layer, instances, depth, pairs in (
                    ("true masks, perfect depth", oracle, frame.depth, own),
                    (f"true masks, {arguments.sensor} noise", oracle, noisy, own),
                    *([(f"{arguments.model}'s masks, {arguments.sensor} noise", found, noisy, matched(found, frame))
                       for found in [segmenter.segment(frame.rgb)]] if segmenter else ()),
                ):  # fmt: skip
                    metres = np.where(depth > 0, depth, np.nan).astype(np.float32)
                    start = time.perf_counter()
                    objects = Locator().locate(instances, metres, lens)
                    tally.seconds.append(time.perf_counter() - start)
                    tally.add(layer, pitch, objects, pairs, scene, frame)
    figures = report(tally)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
