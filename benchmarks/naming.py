"""How well word vectors name objects whose names were never trained: on true boxes, so that nothing else counts.

    python benchmarks/naming.py --vectors FILE [--data coco_mini] [--weights mobilenet_v2.pth] [--cache FILE]
    [--split coco-65-15] [--seeds 3] [--json FILE]

FILE is word2vec's, GloVe's or fastText's, or a names.npz, with the 80 class names of COCO. DATA is a folder with
instances_train.json, instances_val.json and images/. Objects with both sides of 12 px or more are cut out with a
border of an eighth of their box; a frozen ImageNet MobileNetV2 sees them at 128 x 128 pixels, and the mean of its last
map is the feature. The classifier of ZSI (`classifier.kind: words`) learns the seen names from the training images and
is then asked for the unseen ones, on objects of training and val images. Chance is 1 / unseen names.

Controls: the same vectors shuffled among all names, and random orthogonal vectors. What names carry is the difference.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import masks_to_boxes

from osis_ros.coco.annotations import read_ground_truth
from osis_ros.coco.pictures import read_picture
from osis_ros.training.config import Source
from osis_ros.training.data import decode_masks, read_source
from osis_ros.training.datasets.zero_shot import SPLITS, seen_classes
from osis_ros.training.model.backbones.backbone import build_backbone, load_backbone_weights
from osis_ros.training.model.zero_shot.semantic_classifier import SemanticClassifier, name_scores, semantic_logits
from osis_ros.words.word_vectors import read_word_vectors

SIDE, BORDER, SMALLEST = 128, 0.125, 12  # px, shares of a box's sides, px
STEPS, BATCH, RATE = 300, 512, 1e-3


class Objects(NamedTuple):
    """features [N, C] float32, labels [N] int64 of all classes, train [N] bool: on a training image."""

    features: Tensor
    labels: Tensor
    train: Tensor


class Model(torch.nn.Module):
    """A backbone as `load_backbone_weights` fills it."""

    def __init__(self, weights: Path) -> None:
        super().__init__()
        self.backbone = build_backbone("mobilenet_v2")
        load_backbone_weights(self, weights)
        self.eval()

    @torch.no_grad()
    def forward(self, crops: list[np.ndarray]) -> Tensor:
        """Crops [SIDE, SIDE, 3] uint8 RGB → [N, C]."""
        images = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2)
        pixels = self.backbone.normalise(images, [(SIDE, SIDE)] * len(crops))
        return self.backbone(pixels)[-1].mean((2, 3))


def cut(pixels: np.ndarray, box: np.ndarray) -> np.ndarray:
    """A box x0 y0 x1 y1 with its border, at SIDE pixels."""
    border = BORDER * (box[2:] - box[:2])
    x0, y0 = np.maximum(box[:2] - border, 0).astype(int)
    x1, y1 = np.ceil(np.minimum(box[2:] + border, pixels.shape[1::-1])).astype(int)
    return cv2.resize(pixels[y0:y1, x0:x1], (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def observe(data: Path, weights: Path, names: tuple[str, ...]) -> Objects:
    """Features of all objects that are large enough."""
    model, features, labels, train = Model(weights), [], [], []
    for part in ("train", "val"):
        for record in read_source(Source(annotations=f"instances_{part}.json", images="."), data, names):
            pixels = read_picture(record.path, record.height, record.width)
            boxes = masks_to_boxes(torch.from_numpy(decode_masks(record))).numpy()
            boxes[:, 2:] += 1  # a box ends behind its last pixel
            large = [i for i, box in enumerate(boxes) if min(box[2:] - box[:2]) >= SMALLEST]
            if large:
                features.append(model([cut(pixels, boxes[i]) for i in large]))
                labels += [record.labels[i] for i in large]
                train += [part == "train"] * len(large)
    return Objects(torch.cat(features), torch.tensor(labels), torch.tensor(train))


def learn(objects: Objects, words: Tensor, decoder: bool, seed: int) -> SemanticClassifier:
    """Fit to objects whose labels are rows of `words` [S, D]."""
    torch.manual_seed(seed)
    classifier = SemanticClassifier(objects.features.shape[1], words.shape[1], decoder)
    optimiser = torch.optim.AdamW(classifier.parameters(), RATE)
    for _ in range(STEPS):
        index = torch.randint(len(objects.labels), (BATCH,))
        features = objects.features[index]
        semantic = classifier(features)
        loss = F.cross_entropy(semantic_logits(semantic, words), objects.labels[index])
        if decoder:
            loss = loss + 0.5 * classifier.reconstruction_loss(features, semantic)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return classifier.eval()


@torch.no_grad()
def right(classifier: SemanticClassifier, objects: Objects, words: Tensor, names: Tensor, rule: str) -> float:
    """Share of objects whose best-scoring name is the right one; labels are rows of `names`."""
    scores = name_scores(classifier(objects.features), words, names, rule)
    return (scores.argmax(1) == objects.labels).float().mean().item()


def figures(objects: Objects, vectors: Tensor, seen: list[int], unseen: list[int], decoder: bool, seed: int) -> dict:
    """In percent: unseen names among the unseen and among all, and seen names of val images among the seen."""
    of_seen, of_unseen = (torch.full((len(vectors),), -1) for _ in range(2))
    of_seen[seen], of_unseen[unseen] = torch.arange(len(seen)), torch.arange(len(unseen))

    def where(table: Tensor, which: Tensor) -> Objects:
        kept = which & (table[objects.labels] >= 0)
        return Objects(objects.features[kept], table[objects.labels[kept]], objects.train[kept])

    words, everything = vectors[seen], torch.ones_like(objects.train)
    classifier = learn(where(of_seen, objects.train), words, decoder, seed)
    asked = where(of_unseen, everything)
    among_all = asked._replace(labels=torch.tensor(unseen)[asked.labels])
    return {
        "direct": 100 * right(classifier, asked, words, vectors[unseen], "direct"),
        "mean": 100 * right(classifier, asked, words, vectors[unseen], "mean"),
        "among all": 100 * right(classifier, among_all, words, vectors, "direct"),
        "seen, val": 100 * right(classifier, where(of_seen, ~objects.train), words, words, "direct"),
    }


def variants(vectors: Tensor, seed: int) -> dict[str, Tensor]:
    """The vectors [N, D], and two controls of the same shape."""
    random = torch.Generator().manual_seed(seed)
    square = torch.linalg.qr(torch.randn(vectors.shape[1], len(vectors), generator=random))[0]
    return {
        "as given": vectors,
        "shuffled": vectors[torch.randperm(len(vectors), generator=random)],
        "random": F.normalize(square.T),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=Path, help="word vectors of all class names")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/coco_mini"))
    parser.add_argument("--weights", type=Path, default=Path("../shared/data/weights/mobilenet_v2_imagenet.pth"))
    parser.add_argument("--cache", type=Path, help="file to keep the features in, and to take them from")
    parser.add_argument("--split", choices=SPLITS, default="coco-65-15")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args(arguments)
    if options.vectors is None:
        print("left out: it needs --vectors FILE, word vectors of COCO's class names")
        return
    names = tuple(c.name for c in read_ground_truth(options.data / "instances_train.json").categories)
    vectors = torch.from_numpy(read_word_vectors(options.vectors, names).vectors)
    if options.cache and options.cache.is_file():
        objects = Objects(**torch.load(options.cache, weights_only=True))
    else:
        objects = observe(options.data, options.weights, names)
        if options.cache:
            torch.save(objects._asdict(), options.cache)
    split = SPLITS[options.split]
    seen, unseen = ([names.index(n) for n in part] for part in (seen_classes(names, split), split.unseen))
    count = sum((objects.labels == i).sum().item() for i in unseen)
    print(f"{count} objects of {len(unseen)} unseen names, chance {100 / len(unseen):.1f} %; {options.seeds} seeds")
    columns, rows = ("direct", "mean", "among all", "seen, val"), {}
    print(f"| vectors | decoder | {' | '.join(columns)} |\n|---|---|{'---:|' * len(columns)}")
    for decoder in (False, True):
        for kind in ("as given", "shuffled", "random"):
            runs = [
                figures(objects, variants(vectors, seed)[kind], seen, unseen, decoder, seed)
                for seed in range(options.seeds)
            ]
            of_column = {name: [run[name] for run in runs] for name in columns}
            rows[f"{kind}, {'with' if decoder else 'without'} decoder"] = of_column
            cells = " | ".join(f"{np.mean(v):.1f} ± {np.std(v):.1f}" for v in of_column.values())
            print(f"| {kind} | {'yes' if decoder else 'no'} | {cells} |", flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
