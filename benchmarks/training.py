"""How fast a training step of a preset is here, in images a second, and what each saving gives.

    python benchmarks/training.py [--config tabletop] [--steps 8]

Prints a row for each variant, its rate, and its ratio to the first; all in one run, taking turns, so that a busy
machine slows every variant alike. Where there is a GPU it runs there, with the preset's entries for one. The variants
compute in half precision where this machine does so natively. The pictures are noise with random boxes: the cost does
not depend on content.
"""

import argparse
import time
from statistics import median

import torch

from osis_ros.training.config import load_config
from osis_ros.training.fit import fastest_precision
from osis_ros.training.model.detector import Detector

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
HALF = {"32-true": torch.float32, "bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}[fastest_precision()]
FIRST = "float32"
VARIANTS = {
    FIRST: (torch.float32, torch.contiguous_format, {}),
    "float32, channels last": (torch.float32, torch.channels_last, {}),
    "no second look": (HALF, None, {"second_look": None}),
    "no mask refinement": (HALF, None, {"mask_refinement": None}),
    "nothing frozen": (HALF, None, {"frozen_stages": 0}),
    "512 RoIs, every mask": (HALF, None, {"roi": {"samples": 512}, "mask": {"rois_per_image": None}}),
    "proposals from stride 4": (HALF, None, {"proposals": {"finest_level": 2, "anchor_scale": 8}}),
    "four samples a RoI bin": (HALF, None, {"roi": {"sampling_ratio": 2}, "mask": {"sampling_ratio": 2}}),
}
if HALF is not torch.float32:
    VARIANTS["half precision, the preset"] = (HALF, None, {})


def random_batch(batch: int, height: int, width: int, objects: int, classes: int) -> tuple:
    """Images uint8 [B, 3, H, W], their sizes, and targets of `objects` rectangles each."""
    targets = []
    for _ in range(batch):
        corner = torch.rand(objects, 2) * torch.tensor([width * 0.7, height * 0.7])
        boxes = torch.cat((corner, corner + 24 + torch.rand(objects, 2) * 100), 1).round()
        boxes = boxes.clamp(max=torch.tensor([width, height] * 2))
        masks = torch.zeros(objects, height, width, dtype=torch.uint8)
        for mask, (x0, y0, x1, y1) in zip(masks, boxes.int().tolist(), strict=True):
            mask[y0:y1, x0:x1] = 1
        target = {"boxes": boxes, "labels": torch.randint(classes, (objects,)), "masks": masks}
        targets.append({name: value.to(DEVICE) for name, value in target.items()})
    images = torch.randint(256, (batch, 3, height, width), dtype=torch.uint8, device=DEVICE)
    return images, [(height, width)] * batch, targets


def make_step(config, dtype: torch.dtype, layout: torch.memory_format | None, changes: dict, batch: tuple):
    """One timed step; the layout is what training takes for the dtype unless given."""
    model = Detector(config.model.replace(**changes)).to(DEVICE)
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], 1e-5)
    layout = layout or (torch.contiguous_format if dtype == torch.float32 else torch.channels_last)
    images, *others = batch
    images = images.contiguous(memory_format=layout)

    def step() -> float:
        start = time.perf_counter()
        with torch.autocast(DEVICE, dtype, enabled=dtype != torch.float32):
            losses = model(images, *others)
        sum(losses.values()).backward()
        optimiser.step()
        optimiser.zero_grad()
        if DEVICE == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", default="tabletop", help="a preset or a YAML file")
    parser.add_argument("--steps", type=int, default=8, help="timed steps of each variant")
    options = parser.parse_args()
    config = load_config(options.config)
    torch.manual_seed(0)
    batch = random_batch(config.batch, *config.augment.size, objects=8, classes=config.model.num_classes)
    steps = {name: make_step(config, *variant, batch) for name, variant in VARIANTS.items()}
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for round_ in range(options.steps + 2):
        for name, step in steps.items():
            taken = step()
            if round_ >= 2:  # the first steps pick their kernels
                seconds[name].append(taken)
    first = median(seconds[FIRST])
    height, width = config.augment.size
    threads = torch.get_num_threads()
    print(f"{config.name}: batch {config.batch} of {width}x{height}, {threads} threads, variants in {HALF}")
    for name, taken in seconds.items():
        print(f"  {name:32} {config.batch / median(taken):6.2f} images/s   x{first / median(taken):.2f}")


if __name__ == "__main__":
    main()
