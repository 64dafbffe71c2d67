"""How long it takes to place the instances of a frame in space, on one core, by stage.

    OMP_NUM_THREADS=1 python benchmarks/objects3d_speed.py [--objects 20] [--frames 16] [--repeats 5]

Scenes from the simulator at 640×480 with true masks and the depth noise of a stereo camera. The time is that of the
processor, so that other programs count little. Each frame is measured several times; the table has the median and the
95th percentile of all, and the median of the fastest of each frame, which is nearest to a machine without other load.
"""

import argparse
import time

import cv2
import numpy as np
from objects3d import ros_camera, views

from osis_ros.geometry.grasps import box_grasps
from osis_ros.geometry.locate import measured_surfaces, occupied, place, thinned
from osis_ros.geometry.noise import measured_noise
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.geometry.support_plane import find_support_plane
from osis_ros.instances import Instances
from osis_ros.simulation.depth_sensor import SENSORS, measure
from osis_ros.simulation.film import truth
from osis_ros.simulation.render import Renderer
from osis_ros.simulation.scene import make_scene

STAGES = ("noise", "surfaces", "plane", "boxes", "grasps")
LOCATE = 4  # the stages of `Locator.locate`; grasps are made only while somebody subscribes


def recorded(frames: int, objects: int) -> list[tuple[Instances, np.ndarray, Pinhole]]:
    """Instances, depth in metres and camera of so many frames, each of another scene."""
    found = []
    with Renderer() as renderer:
        for seed in range(frames):
            scene = make_scene(seed, "val", objects)
            pitch, camera = views(scene)[seed % 4]
            view = scene.view(0)
            frame = renderer.frame(scene, type(view)(camera, view.lighting, view.sensor, view.table, seed))
            rng = np.random.default_rng([seed, pitch])
            depth = measure(frame.depth, camera.intrinsics[0, 0], SENSORS["stereo"], rng)
            found.append((truth(frame), np.where(depth > 0, depth, np.nan).astype(np.float32), ros_camera(camera)))
    return found


def stage_times(instances: Instances, depth: np.ndarray, camera: Pinhole) -> np.ndarray:
    """[5] milliseconds of processor time, of each stage."""
    times = [time.process_time()]
    noise = measured_noise(depth)
    times.append(time.process_time())
    surfaces = measured_surfaces(instances, depth, camera, noise)
    times.append(time.process_time())
    plane = find_support_plane(depth, camera, occupied(instances), thinned(surfaces), noise=noise)
    times.append(time.process_time())
    objects = place(instances, surfaces, plane, camera)
    times.append(time.process_time())
    box_grasps(objects)
    times.append(time.process_time())
    return 1000 * np.diff(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=20)
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    frames = recorded(arguments.frames, arguments.objects)
    stage_times(*frames[0])  # the first call loads what the others find loaded
    times = np.array([[stage_times(*frame) for _ in range(arguments.repeats)] for frame in frames])
    counts = [len(instances) for instances, _, _ in frames]
    print(f"{min(counts)}–{max(counts)} objects a frame, 640×480; ms of one core: median, p95, fastest")
    for name, part in (*((name, times[..., i]) for i, name in enumerate(STAGES)),
                       ("locate", times[..., :LOCATE].sum(-1))):  # fmt: skip
        print(f"{name:10}{np.median(part):7.1f}{np.percentile(part, 95):7.1f}{np.median(part.min(1)):7.1f}")


if __name__ == "__main__":
    main()
