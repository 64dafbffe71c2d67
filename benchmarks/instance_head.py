"""Whether a head that is trained to tell instances apart adds to what teaching compares.

    python benchmarks/instance_head.py [--model tabletop] [--scenes 47] [--test-scenes 14]
    python benchmarks/instance_head.py --images DIR --ground-truth FILE.json

Objects of the training categories, with look-alikes, are rendered in several scenes, views and lights. Heads learn by
supervised contrast (Khosla et al. 2020) to give the sightings of one object one vector. They see what the frozen second
look makes of an object's crop: its last layer; its maps, pooled over the box; its maps, pooled over the mask, for which
it would have to run after the masks; and these with the colours and outline. They are judged on categories that were
never trained on, as benchmarks/embedding.py and benchmarks/teaching.py do. With --images they are judged on photographs
too.

The columns: AUROC and look-alikes as in benchmarks/embedding.py; with 1, 3 and 5 views `at 1 %` of
benchmarks/teaching.py. How much a head counts beside what teaching compares is chosen on training categories that were
held out from the head's training.
"""

import argparse
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from embedding import MIN_IOU, MIN_PIXELS, Sightings, auroc, figures, recall
from teaching import TEACHERS, Result, Shot, measured, photographed, rendered, seen
from torch import Tensor, nn

from osis_ros.inference.segmenter import Segmenter
from osis_ros.instances import Instances
from osis_ros.simulation.categories import KNOWN, OUTLIERS, build
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.film import truth
from osis_ros.simulation.meetings import Member, meetings, negative, painted_like
from osis_ros.teaching.appearance import LENGTH, LOOK, appearances, looks
from osis_ros.tracking.mask_overlap import mask_overlap
from osis_ros.training.checkpoint import load_checkpoint
from osis_ros.training.export import WEIGHTS_FILE
from osis_ros.training.model.additions.crops import blurred, crop_rois
from osis_ros.training.model.additions.second_look import SecondLook
from osis_ros.training.model.baselines.instance_contrast import contrast

AT_ONCE, VIEWS = 16, 3  # training: objects of a scene, pictures of it
SHOWN, TAUGHT = 8, (1, 3, 5)  # test: pictures of a scene that teaches, and how many of them are used
HELD_OUT = 5  # every fifth category
SHAKE = 0.05  # of a copy's box, standard deviation in sides
DIM, STEPS, TEMPERATURE, RATE, DECAY = 64, 600, 0.1, 1e-3, 1e-2
CATEGORIES, EACH = 12, 4  # of a training step: categories, and sightings of each of their objects
WEIGHTS = (0.2, 0.4, 0.7, 1.0)  # of a head beside what teaching compares
HIDDEN, DROPOUT = 256, 0.2  # of heads of two layers
HEADS = {  # what they see, and their layers
    "last layer": (("last layer",), 1),
    "last layer, 2 layers": (("last layer",), 2),
    "maps, box": (("maps, box",), 1),
    "maps, mask": (("maps, mask",), 1),
    "maps, mask, 2 layers": (("maps, mask",), 2),
    "maps, mask + look": (("maps, mask", "look"), 1),
}


class Describer:
    """All that is known of an instance, side by side in one row; `parts` are the columns of each."""

    def __init__(self, network: nn.Module) -> None:
        self.look: SecondLook = network.second_look
        maps = 2 * (self.look.backbone.stages[0](torch.zeros(1, 3, 32, 32)).shape[1] + sum(self.look.backbone.channels))
        hidden, dim = self.look.config.hidden, network.config.embedding.dim
        sizes = {"last layer": hidden, "maps, box": maps, "maps, mask": maps, "look": LOOK, "now": LENGTH + dim,
                 "embedding": dim}  # fmt: skip
        ends = np.cumsum([0, *sizes.values()]).tolist()
        self.parts = {name: slice(*span) for name, span in zip(sizes, pairwise(ends), strict=True)}
        self.dim = dim

    @torch.no_grad()
    def __call__(self, rgb: np.ndarray, found: Instances) -> np.ndarray:
        """Rows [N, D] float32."""
        embeddings = found.embeddings if found.embeddings.shape[1] else np.zeros((len(found), self.dim), np.float32)
        found = found.replaced(embeddings=embeddings)
        seen_again = self.looked_at(rgb, found) if len(found) else np.zeros((0, self.parts["look"].start))
        rest = looks(rgb, found), appearances(rgb, found), embeddings
        return np.concatenate([seen_again, *rest], axis=1).astype(np.float32)

    def looked_at(self, rgb: np.ndarray, found: Instances) -> np.ndarray:
        """The second look's last layer, and its maps pooled over box and mask, as `SecondLook.forward` has them."""
        look, config = self.look, self.look.config
        pixels = look.backbone.normalise(torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None], [rgb.shape[:2]])
        rois = F.pad(torch.from_numpy(found.boxes.copy()), (1, 0))
        x = crop_rois(pixels, rois, config.crop_size, config.margin / 2)
        x = blurred(x, config.blur) if config.blur else x
        rois[:, 0] = torch.arange(len(rois))
        masks = torch.from_numpy(np.array([found.full_mask(i) for i in range(len(found))]))[:, None]
        masks = crop_rois(masks, rois, config.crop_size, config.margin / 2)
        maps = []
        for stage in look.backbone.stages:
            x = stage(x)
            maps.append(x)
        last = F.relu(look.fc(x.flatten(1)))
        return torch.cat([last, pooled(maps, torch.ones_like(masks)), pooled(maps, masks)], 1).numpy()


def pooled(maps: list[Tensor], weights: Tensor) -> Tensor:
    """Mean and standard deviation of maps [R, C, h, w] under weights [R, 1, H, W], all side by side."""
    parts = []
    for each in maps:
        own = F.adaptive_avg_pool2d(weights, each.shape[-2:])
        own = own / own.sum((2, 3), keepdim=True).clamp(min=1e-4)
        mean = (each * own).sum((2, 3))
        parts += [mean, ((each - mean[:, :, None, None]) ** 2 * own).sum((2, 3)).sqrt()]
    return torch.cat(parts, 1)


def training_cast() -> list[Member]:
    """Of each training category three objects, and two that look like the first one."""
    cast = []
    for name in (*KNOWN, *OUTLIERS):
        first, second, third = (build(name, Draw("train", k, "member", name)) for k in range(3))
        shapes = first, second, third, negative(first), painted_like(second, first)
        cast += [Member(name, shape) for shape in shapes]
    return cast


def sightings(
    cast: list[Member], scenes: int, segmenter: Segmenter, describe: Describer
) -> Iterator[tuple[np.ndarray, list[int], int, bool]]:
    """Rows [N, D], members and scene of each picture's objects, and whether it is a copy under another camera's light
    and with shaken boxes; of each scene's first picture also with predicted masks."""
    rng = np.random.default_rng(0)
    for meeting in meetings(cast, scenes, VIEWS, at_once=AT_ONCE, seed=7, split="train"):
        rgb = np.ascontiguousarray(meeting.frame.rgb)
        exact = truth(meeting.frame)
        exact = exact.take([i for i, item in enumerate(meeting.frame.objects) if item.pixels >= MIN_PIXELS])
        owners = [meeting.members[number] for number in exact.ids.tolist()]
        yield describe(rgb, exact), owners, meeting.scene, False
        copy = as_another_camera(rgb, rng)
        sides = np.tile(exact.boxes[:, 2:] - exact.boxes[:, :2], 2)
        yield describe(copy, exact.replaced(boxes=exact.boxes + SHAKE * sides * rng.standard_normal(sides.shape))), \
            owners, meeting.scene, True  # fmt: skip
        if meeting.view == 0:
            found = segmenter.segment(rgb, max_overlap=0.7)
            overlap = mask_overlap(exact.rois, exact.masks, found.rois, found.masks)[0]
            met = np.flatnonzero(overlap.max(axis=1, initial=0) >= MIN_IOU)
            own = found.take(overlap[met].argmax(axis=1) if len(met) else met)
            yield describe(rgb, own), [owners[i] for i in met], meeting.scene, False
            print(f"scene {meeting.scene + 1} of {scenes}", flush=True)


def as_another_camera(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The image with another gamma, exposure, white balance and contrast, and noise."""
    values = (rgb / np.float32(255)) ** np.exp(rng.normal(0, 0.2))
    values *= np.exp(rng.normal(0, 0.15) + rng.normal(0, 0.08, 3)).astype(np.float32)
    values = (values - values.mean()) * np.exp(rng.normal(0, 0.1)) + values.mean()
    values += rng.normal(0, 0.01, values.shape)
    return (255 * np.clip(values, 0, 1)).astype(np.uint8)


class Head(nn.Module):
    """One or two layers on features of mean 0 and deviation 1 to a vector of unit length."""

    def __init__(self, features: Tensor, layers: int) -> None:
        super().__init__()
        self.mean, self.deviation = features.mean(0), features.std(0) + 1e-3
        size = features.shape[1]
        if layers == 1:
            self.layers = nn.Linear(size, DIM)
        else:
            drop = nn.Dropout(DROPOUT)
            self.layers = nn.Sequential(drop, nn.Linear(size, HIDDEN), nn.ReLU(), drop, nn.Linear(HIDDEN, DIM))

    def forward(self, features: Tensor) -> Tensor:
        return F.normalize(self.layers((features - self.mean) / self.deviation))


def trained(features: np.ndarray, member: np.ndarray, category: np.ndarray, layers: int) -> Head:
    """A head trained on sightings [S, D] of members [S]; look-alikes are of one category [S] and in one step."""
    torch.manual_seed(0)
    rng, given = np.random.default_rng(0), torch.from_numpy(features)
    head = Head(given, layers)
    optimiser = torch.optim.AdamW(head.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    rows_of = {one: np.flatnonzero(member == one) for one in np.unique(member)}
    rows_of = {one: rows for one, rows in rows_of.items() if len(rows) >= EACH}
    members_of: dict[int, list[int]] = {}
    for one, rows in rows_of.items():
        members_of.setdefault(int(category[rows[0]]), []).append(one)
    for _ in range(STEPS):
        chosen = rng.permutation(list(members_of))[:CATEGORIES]
        members = [one for each in chosen for one in members_of[int(each)]]
        rows = np.concatenate([rng.choice(rows_of[one], EACH, replace=False) for one in members])
        z, labels = head(given[rows]), torch.from_numpy(member[rows])
        loss = contrast(z, labels, z, labels, torch.arange(len(rows)), TEMPERATURE)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return head.eval()


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)


def kinds(
    rows: np.ndarray, member: np.ndarray, scene: np.ndarray, copied: np.ndarray, cast: list[Member],
    parts: dict[str, slice],
) -> dict[str, Callable[[np.ndarray], np.ndarray]]:  # fmt: skip
    """What to compare, by its name: functions from rows to vectors."""
    names = [*KNOWN, *OUTLIERS]
    category = np.array([names.index(cast[one].category) for one in member])
    held_out = category % HELD_OUT == 0
    judged = np.flatnonzero(held_out & ~copied)
    elsewhere = scene[judged][:, None] != scene[judged]
    same = member[judged][:, None] == member[judged]
    made = {
        "embedding": lambda rows: rows[:, parts["embedding"]],
        "look": lambda rows: unit(rows[:, parts["now"]][:, :LENGTH]),
        "now: look and embedding": lambda rows: rows[:, parts["now"]],
    }

    def held_out_recall(vectors: np.ndarray) -> float:
        alike = vectors @ vectors.T
        return recall(alike[elsewhere & same], alike[elsewhere & ~same])

    for name, (given, layers) in HEADS.items():
        columns = np.concatenate([np.arange(rows.shape[1])[parts[part]] for part in given])
        head = trained(rows[~held_out][:, columns], member[~held_out], category[~held_out], layers)

        def alone(rows: np.ndarray, head: Head = head, columns: np.ndarray = columns) -> np.ndarray:
            with torch.no_grad():
                return head(torch.from_numpy(rows[:, columns])).numpy()

        def beside(weight: float, alone: Callable = alone) -> Callable:
            return lambda rows: unit(np.concatenate([rows[:, parts["now"]], weight * alone(rows)], axis=1))

        weight = max(WEIGHTS, key=lambda weight: held_out_recall(beside(weight)(rows[judged])))
        made |= {f"head on {name}": alone, f"now + {weight} head on {name}": beside(weight)}
    print(f"{(~held_out).sum()} sightings of {len(np.unique(member[~held_out]))} objects; recall of the held-out ones:")
    for name, kind in made.items():
        print(f"  {name:<42} {100 * held_out_recall(kind(rows[judged])):.0f}")
    return made


def vectors_of(shots: list[Shot], kind: Callable[[np.ndarray], np.ndarray]) -> list[Shot]:
    return [Shot(one.scene, kind(one.vectors), one.iou) for one in shots]


def met(shots: list[Shot], cast: list[Member]) -> Sightings:
    """Where every member is found, as benchmarks/embedding.py has it."""
    found = Sightings.none()
    for view, one in enumerate(shots):
        for owner in one.iou:
            for _, index in seen([one], owner):
                found.member.append(owner)
                found.scene.append(one.scene)
                found.view.append(view)
                found.vectors["it"].append(one.vectors[index])
    return found


def at_one(shots: list[Shot], owners: list[int], twin_of: Callable, teachers: int | None) -> list[str]:
    results = measured(shots, owners, twin_of, teachers, TAUGHT)
    return [f"{100 * Result.mean(results[count]).at_one:.0f}" if count in results else "" for count in TAUGHT]


def row(name: str, cells: list[str]) -> None:
    print(f"{name:<42}", *(f"{cell:>12}" for cell in cells), flush=True)


def on_scenes(shots: list[Shot], cast: list[Member], made: dict[str, Callable]) -> None:
    twins = {number: one.twin for number, one in enumerate(cast) if one.twin is not None}
    twins |= {twin: number for number, twin in twins.items()}
    across = ("rank-1", "mAP", "AUROC", "look-alikes")
    row("", ["other views:", "", "", "", "scenes:", "", "", "", "at 1 %:", "", ""])
    row("", [*across, *across, *(f"after {count}" for count in TAUGHT)])
    for name, kind in made.items():
        own = vectors_of(shots, kind)
        found = met(own, cast)
        cells = [figures(found, "it", cast, False, where) for where in ("views", "scenes")]
        cells = [part for each in cells for part in (*each[:3], each[-1])]
        row(name, [*cells, *at_one(own, range(len(cast)), twins.get, TEACHERS)])


def on_photographs(shots: list[Shot], names: dict[int, str], made: dict[str, Callable], known: tuple[str, ...]) -> None:
    for title, wanted in (("other", False), ("known", True)):
        owners = [number for number in names if (names[number] in known) == wanted]
        print(f"\nphotographs, objects of {title} classes, predicted masks, %")
        row("", ["AUROC", *(f"after {count}" for count in TAUGHT)])
        for name, kind in made.items():
            own = vectors_of(shots, kind)
            vectors, owner = zip(*((one.vectors[i], number) for number in owners for one, i in seen(own, number)),
                                 strict=True)  # fmt: skip
            alike, same = np.array(vectors) @ np.array(vectors).T, np.equal.outer(owner, owner)
            pairs = ~np.eye(len(same), dtype=bool)
            of_same = f"{100 * auroc(alike[same & pairs], alike[~same]):.0f}"
            row(name, [of_same, *at_one(own, owners, lambda _: None, None)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tabletop")
    parser.add_argument("--scenes", type=int, default=47, help="to train on")
    parser.add_argument("--test-scenes", type=int, default=14, help="the first two teach")
    parser.add_argument("--images", type=Path)
    parser.add_argument("--ground-truth", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    segmenter = Segmenter(options.model, threads=1)
    describe = Describer(load_checkpoint(segmenter.bundle.path / WEIGHTS_FILE)[0].eval())
    cast = training_cast()
    pictures = list(sightings(cast, options.scenes, segmenter, describe))
    rows = np.concatenate([picture for picture, *_ in pictures])
    member = np.concatenate([np.array(owners, int) for _, owners, *_ in pictures])
    scene = np.repeat([scene for *_, scene, _ in pictures], [len(picture) for picture, *_ in pictures])
    copied = np.repeat([copied for *_, copied in pictures], [len(picture) for picture, *_ in pictures])
    made = kinds(rows, member, scene, copied, cast, describe.parts)
    true, predicted, cast = rendered(segmenter, options.test_scenes, describe, SHOWN)
    for masks, shots in (("true", true), ("predicted", predicted)):
        print(f"\nrendered scenes, never trained categories, {masks} masks, %")
        on_scenes(shots, cast, made)
    if options.images:
        shots, names = photographed(segmenter, options.images, options.ground_truth, describe)
        on_photographs(shots, names, made, segmenter.bundle.class_names)


if __name__ == "__main__":
    main()
