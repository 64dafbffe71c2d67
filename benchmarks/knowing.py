"""What holds back naming on real pictures: the features, or what is learnt on them. On true boxes of known objects.

    python benchmarks/knowing.py --data DATA [--model models/tabletop/weights.safetensors] [--cache FILE]

DATA holds scenes/train and scenes/test (`osis scenes`, 640x480), coco_mini, photographs, hsr_ycb and
weights/mobilenet_v2_imagenet.pth. Prints, for hsr_ycb, the rendered test scenes and coco_mini's val part, the share of
objects that get the right one of the known classes (and the mean of that share over the classes):

- as the model's two looks have it, each alone, and the second look for each class;
- by a logistic regression, and by the nearest class mean, on features of the second look, of an ImageNet MobileNetV2,
  and of both; learnt from rendered objects alone, then from real ones too (cups, bottles, bowls, bananas, apples,
  books, plates; nothing of a category that is unknown in the test). hsr_ycb is only ever tested on.

For hsr_ycb and the rendered test scenes also, how well known objects are told from unknown ones: the area under the
ROC curve, by the distance to the nearest class centre of each look, and to the nearest class mean of features.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torchvision import tv_tensors

from osis_ros.progress import track
from osis_ros.training.augment import CameraVariation
from osis_ros.training.checkpoint import load_checkpoint
from osis_ros.training.config import Source
from osis_ros.training.data import decode_masks, read_pixels, read_source
from osis_ros.training.model.additions.crops import blurred, crop_rois, shaken
from osis_ros.training.model.additions.second_look import SecondLook
from osis_ros.training.model.backbones.backbone import build_backbone, load_backbone_weights
from osis_ros.training.model.semseg.pooling import with_image_index

SMALLEST = 12  # px, the shorter side of a box
BOTH = "second look, fc", "ImageNet, 128 px"
BORDER = 0.125  # of a box's side, seen on each side of it
COCO = {"rename": {"cup": "mug"}, "drop_images": ("scissors", "remote", "hair drier")}
TRAIN = {  # name: annotations, images, further entries of the source, most objects of a class
    "rendered": ("scenes/train/instances.json", "scenes/train/images", {}, 150),
    "coco": ("coco_mini/instances_train.json", "coco_mini", COCO, 80),
    "photographs": ("photographs/instances_train.json", "photographs", {}, 80),
}
TEST = {
    "hsr_ycb": ("hsr_ycb/instances_known.json", "hsr_ycb", {}, 1000),
    "rendered test": ("scenes/test/instances.json", "scenes/test/images", {}, 40),
    "coco val": ("coco_mini/instances_val.json", "coco_mini", {"rename": {"cup": "mug"}}, 1000),
}
OPEN_SET = ("hsr_ycb", "rendered test")  # of which the unknown objects are seen too


class Objects(NamedTuple):
    """Features [N, D] of several kinds by name, labels [N] (-1: unknown), which class each look calls them [N], and
    their distance [N] to its nearest class centre."""

    features: dict[str, Tensor]
    labels: Tensor
    called: dict[str, Tensor]
    distance: dict[str, Tensor]

    def take(self, chosen: Tensor) -> "Objects":
        """Those that `chosen` [N] bool names."""
        return Objects(*(part[chosen] if isinstance(part, Tensor) else {key: each[chosen] for key, each in part.items()}
                         for part in self))  # fmt: skip


class ImageNet(nn.Module):
    """MobileNetV2 up to the layer before its classes, [R, 3, S, S] normalised → [R, 1280]."""

    def __init__(self, weights: Path) -> None:
        super().__init__()
        self.backbone = build_backbone("mobilenet_v2", 5)
        load_backbone_weights(self, weights)
        state = torch.load(weights, map_location="cpu", weights_only=True)
        convolution, norm = "features.18.0.weight", "features.18.1."
        gain = state[norm + "weight"] / (state[norm + "running_var"] + 1e-5).sqrt()
        self.weight = state[convolution].flatten(1) * gain[:, None]
        self.bias = state[norm + "bias"] - state[norm + "running_mean"] * gain

    def forward(self, crops: Tensor) -> Tensor:
        cells = self.backbone(crops)[-1].flatten(2).transpose(1, 2)
        return F.relu6(F.linear(cells, self.weight, self.bias)).mean(1)


def pictures(
    data: Path, source: tuple, names: tuple[str, ...], unknown: bool
) -> Iterator[tuple[np.ndarray, Tensor, Tensor]]:
    """Pixels [H, W, 3], boxes [N, 4] and labels [N] of images with known, perhaps with unknown, objects, until there
    are enough of each."""
    annotations, images, entries, most = source
    left = torch.tensor([*[most] * len(names), len(names) * most if unknown else 0])  # label -1 is the last
    records = read_source(Source(annotations=annotations, images=images, **entries), data, names)
    for record in track(records, annotations, len(records)):
        chosen = [i for i, label in enumerate(record.labels) if left[label] > 0]
        if not chosen:
            continue
        masks = decode_masks(record)[chosen]
        boxes = torch.tensor([box_of(mask) for mask in masks])
        labels = torch.tensor(record.labels)[chosen]
        large = (boxes[:, 2:] - boxes[:, :2]).amin(1) >= SMALLEST
        if large.any():
            left -= (labels[large] % len(left)).bincount(minlength=len(left))
            yield read_pixels(record), boxes[large], labels[large]


def box_of(mask: np.ndarray) -> list[float]:
    """x0 y0 x1 y1 of a mask [H, W]."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return [float(v) for v in (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)]


def second_look_features(look: SecondLook, crops: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    """Features of the crops by layer, and distances [R, K] to the class centres."""
    crops = blurred(crops, look.config.blur) if look.config.blur else crops
    maps = look.backbone(crops)
    hidden = F.relu(look.fc(maps[-1].flatten(1)))
    z = F.normalize(look.embedding(hidden))
    features = {f"second look, C{level}": own.mean((2, 3)) for level, own in enumerate(maps, 2) if level > 3}
    return {**features, "second look, fc": hidden, "second look, embedding": z}, look.embedding.distances(z)


@torch.no_grad()
def observe(data: Path, name: str, model: nn.Module, imagenet: ImageNet) -> Objects:
    """What the networks make of the objects of a source; those to train on come in varied colours and shaken boxes."""
    camera, found, training = CameraVariation(), [], name in TRAIN
    source = {**TRAIN, **TEST}[name]
    for pixels, boxes, labels in pictures(data, source, model.config.class_names, name in OPEN_SET):
        image = torch.from_numpy(pixels).permute(2, 0, 1)
        image = camera(tv_tensors.Image(image), image)[0].as_subclass(Tensor) if training else image
        rois = with_image_index([boxes])
        rois = shaken(rois) if training else rois
        normal = image[None].float() / 127.5 - 1
        crops = {side: crop_rois(normal, rois, side, BORDER) for side in (64, 128)}
        features, distances = second_look_features(model.second_look, crops[64])
        features |= {f"ImageNet, {side} px": imagenet(own) for side, own in crops.items()}
        called, distance = {"second look": distances.argmin(1)}, {"second look": distances.amin(1)}
        if not training:
            called["first look"], distance["first look"] = first_look(model, image, boxes)
        found.append(Objects(features, labels, called, distance))
    return Objects(*(joined(parts) for parts in zip(*found, strict=True)))


def joined(parts: tuple) -> Tensor | dict[str, Tensor]:
    """Tensors one behind the other; of dicts, by key."""
    if isinstance(parts[0], Tensor):
        return torch.cat(parts)
    return {key: torch.cat([part[key] for part in parts]) for key in parts[0]}


def first_look(model: nn.Module, image: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """The likeliest class [N] of boxes of an image [3, H, W], and the distance [N] to the nearest centre; of the
    pyramid's features alone, at 640 px."""
    height, width = image.shape[1:]
    scale = min(640 / width, 480 / height)
    size = round(height * scale), round(width * scale)
    batch = F.interpolate(image[None].float(), size, mode="bilinear", antialias=scale < 1)
    batch = F.pad(batch, (0, -size[1] % 32, 0, -size[0] % 32))
    levels = model.pyramid(model.backbone.normalise(batch, [size]))
    levels = [level.float().contiguous() for level in levels]
    semantics = model.describe(model.pool_boxes(levels, with_image_index([boxes * scale])))
    return model.classify(semantics)[:, :-1].argmax(1), semantics.distances.amin(1)


def shares(called: Tensor, labels: Tensor) -> str:
    """`right / mean over the classes`, in percent."""
    right = called == labels
    of_class = [right[labels == label].float().mean() for label in labels.unique()]
    return f"{100 * right.float().mean():.1f} / {100 * torch.stack(of_class).mean():.1f}"


def by_regression(train: Tensor, labels: Tensor, test: Tensor) -> Tensor:
    """Classes of test features by a logistic regression on train features; every class counts alike."""
    learner = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300, class_weight="balanced"))
    return torch.from_numpy(learner.fit(train.numpy(), labels.numpy()).predict(test.numpy()))


def likeness(train: Tensor, labels: Tensor, test: Tensor) -> Tensor:
    """Cosines [N, K] of test features with the mean of the train features of each class."""
    middle = train.mean(0)
    means = torch.stack([F.normalize(train[labels == c] - middle).mean(0) for c in labels.unique()])
    return F.normalize(test - middle) @ F.normalize(means).T


def by_means(train: Tensor, labels: Tensor, test: Tensor) -> Tensor:
    """Classes of test features by the nearest mean (cosine) of the train features of a class."""
    return labels.unique()[likeness(train, labels, test).argmax(1)]


def auroc(known: Tensor, distance: Tensor) -> str:
    """How often, in percent, a known object is nearer than an unknown one."""
    return f"{100 * roc_auc_score(known.numpy(), -distance.numpy()):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--model", type=Path, default=Path("models/tabletop/weights.safetensors"))
    parser.add_argument("--cache", type=Path, help="features are kept in this file, or taken from it")
    options = parser.parse_args()
    torch.manual_seed(0)
    model = load_checkpoint(options.model)[0]
    names = model.config.class_names
    if options.cache and options.cache.is_file():
        seen = {name: Objects(*parts) for name, parts in torch.load(options.cache).items()}
    else:
        imagenet = ImageNet(options.data / "weights/mobilenet_v2_imagenet.pth")
        seen = {name: observe(options.data, name, model, imagenet) for name in (*TEST, *TRAIN)}
        if options.cache:
            torch.save({name: tuple(objects) for name, objects in seen.items()}, options.cache)
    for objects in seen.values():
        objects.features[" + ".join(BOTH)] = torch.cat([objects.features[kind] for kind in BOTH], 1)
    everything, seen = seen, {name: objects.take(objects.labels >= 0) for name, objects in seen.items()}
    print("known objects: " + ", ".join(f"{name} {len(objects.labels)}" for name, objects in seen.items()))
    print("| known objects named right, % / mean of the classes | " + " | ".join(TEST) + " |")
    for look in ("first look", "second look"):
        print(f"| {look} as shipped | " + " | ".join(shares(seen[t].called[look], seen[t].labels) for t in TEST) + " |")
    for test in TEST:
        right = ", ".join(
            f"{seen[test].called['second look'][of].eq(label).sum()} of {of.sum()} {names[label]}"
            for label in seen[test].labels.unique().tolist()
            for of in [seen[test].labels == label]
        )
        print(f"second look, {test}: {right}")
    for learnt_from in (["rendered"], list(TRAIN)):
        labels = torch.cat([seen[name].labels for name in learnt_from])
        for kind in seen["hsr_ycb"].features:
            train = torch.cat([seen[name].features[kind] for name in learnt_from])
            for how, learner in (("regression", by_regression), ("class means", by_means)):
                cells = [shares(learner(train, labels, seen[t].features[kind]), seen[t].labels) for t in TEST]
                print(f"| {kind}: {how}, from {' + '.join(learnt_from)} | " + " | ".join(cells) + " |", flush=True)
    print("| known against unknown, AUROC | " + " | ".join(OPEN_SET) + " |")
    tested = [everything[test] for test in OPEN_SET]
    for look in ("first look", "second look"):
        print(f"| {look} | " + " | ".join(auroc(o.labels >= 0, o.distance[look]) for o in tested) + " |")
    for kind in seen["hsr_ycb"].features:
        train = torch.cat([seen[name].features[kind] for name in TRAIN])
        labels = torch.cat([seen[name].labels for name in TRAIN])
        cells = [auroc(o.labels >= 0, -likeness(train, labels, o.features[kind]).amax(1)) for o in tested]
        print(f"| {kind}, class means | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
