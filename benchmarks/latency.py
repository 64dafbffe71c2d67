"""How long a bundle takes from image to `Instances`, stage by stage, and against another network in the same run.

    python benchmarks/latency.py [--model tabletop] [--images DIR] [--against other.onnx] [--threads 2] [--runs 40]

Without images it renders test scenes. The other network gets its own input once a round, as its file declares it, so
that a busy machine slows both alike; only the network is run, without what its masks still need.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from osis_ros.errors import ImageError
from osis_ros.inference.bundle import BundleError
from osis_ros.inference.image_file import read_image
from osis_ros.inference.provider import ort as onnxruntime
from osis_ros.inference.segment_files import find_images
from osis_ros.inference.segmenter import Segmenter

DTYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}


def rendered_scenes(count: int) -> list[np.ndarray]:
    """RGB images of `count` test scenes."""
    from osis_ros.simulation.gl import RenderError
    from osis_ros.simulation.render import Renderer
    from osis_ros.simulation.scene import make_scene

    try:
        with Renderer() as renderer:
            scenes = (make_scene(seed, "test") for seed in range(count))
            return [renderer.frame(scene, scene.view(0)).rgb for scene in scenes]
    except RenderError as error:
        raise SystemExit(f"latency: {error}; or give --images") from None


def other_network(file: Path, threads: int, height: int, width: int) -> Callable[[], None]:
    """One run of an ONNX file on noise; a dimension that it leaves open is 1, 3, or the bundle's height and width."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.force_spinning_stop", "1")  # else its threads would slow what runs next
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    feeds = {}
    for value in session.get_inputs():
        open_sizes = {0: 1, 1: 3, 2: height, 3: width}
        shape = [size if isinstance(size, int) else open_sizes.get(i, 1) for i, size in enumerate(value.shape)]
        noise = np.random.default_rng(0).random(shape)
        feeds[value.name] = (noise * 255 if value.type == "tensor(uint8)" else noise).astype(DTYPES[value.type])
        print(f"against {file.name}: {value.name} {value.type} {shape}")
    return lambda: session.run(None, feeds)


def measure(segmenter: Segmenter, images: list[np.ndarray], runs: int, other: Callable[[], None] | None) -> dict:
    """Milliseconds of each run: lists of `letterbox`, `network`, `paste`, `total` and `other`; and `instances`."""
    taken: dict[str, list[float]] = {name: [] for name in ("letterbox", "network", "paste", "total")}
    others, counts = [], []
    for run in range(-3, runs):
        found, timing = segmenter.segment_timed(images[run % len(images)])
        start = time.perf_counter()
        if other is not None:
            other()
        elapsed = time.perf_counter() - start
        if run >= 0:  # the first three warm caches up
            counts.append(len(found))
            others.append(1e3 * elapsed)
            for name, values in taken.items():
                values.append(1e3 * getattr(timing, name))
    return {**taken, **({"other": others} if other else {}), "instances": counts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tabletop", help="a bundle's folder, or the name of one of the package")
    parser.add_argument("--provider", default="cpu", help="cpu, cuda, tensorrt or auto")
    parser.add_argument("--images", type=Path, nargs="*", help="image files or folders; rendered scenes without it")
    parser.add_argument("--against", type=Path, help="another ONNX file")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads of each network")
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--score-threshold", type=float, help="score threshold; the bundle's without it")
    parser.add_argument("--json", type=Path, help="also write every figure here")
    options = parser.parse_args()
    try:
        segmenter = Segmenter(options.model, options.provider, threads=options.threads)
        images = [read_image(file) for file in find_images(options.images)] if options.images else rendered_scenes(8)
        if options.against and not options.against.is_file():
            raise ImageError(f"--against: {options.against} is not a file")
    except (BundleError, ImageError, ImportError) as error:  # the last: no MuJoCo to render with
        raise SystemExit(f"latency: {error}") from None
    if options.score_threshold is not None:
        segment = segmenter.segment_timed
        segmenter.segment_timed = lambda rgb: segment(rgb, options.score_threshold)
    manifest = segmenter.bundle.manifest
    other = None
    if options.against:
        other = other_network(options.against, options.threads, manifest.input_height, manifest.input_width)
    taken = measure(segmenter, images, options.runs, other)
    size = f"{manifest.input_width}x{manifest.input_height}"
    print(
        f"{segmenter.bundle.name} on {segmenter.provider}, {options.threads} threads, network input {size}, "
        f"{options.runs} runs over {len(images)} images, {np.mean(taken['instances']):.1f} instances an image"
    )
    print(f"{'ms':>10} {'p50':>8} {'p95':>8}")
    for name in [name for name in taken if name != "instances"]:
        print(f"{name:>10} {np.median(taken[name]):8.2f} {np.percentile(taken[name], 95):8.2f}")
    if other is not None:
        pairs = np.array(taken["total"]) / np.array(taken["other"])
        print(f"image to instances / the other network: {np.median(pairs):.2f} (median over the rounds)")
    if options.json:
        options.json.write_text(json.dumps(taken, indent=1))


if __name__ == "__main__":
    main()
