"""What the tests of the parts that work on cut-outs share: a tiny network, live weights, a scene to learn from."""

import torch

from osis_ros.training.model.config import ModelConfig, tabletop
from osis_ros.training.model.mask_refinement import MaskRefinement, Redrawn
from osis_ros.training.model.semseg import SemSeg

SIZE = (96, 128)
RECTANGLES = ([8, 8, 56, 56], [72, 32, 120, 80])


def tiny(**parts: dict) -> ModelConfig:
    return tabletop(("mug", "bowl")).replace(
        channels=16, proposals={"test_top_k": 40, "train_top_k": 40}, roi={"hidden": 32, "samples": 32},
        embedding={"dim": 16}, mask={"channels": 8, "convs": 1, "embedding_dim": 8}, **parts,
    )  # fmt: skip


def alive(part: torch.nn.Module) -> torch.nn.Module:
    """Random weights in its backbone that keep the size of their input, as ImageNet's would."""
    for layer in part.backbone.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(layer.weight)
    return part


def refined(
    part: MaskRefinement, pixels: torch.Tensor, boxes: torch.Tensor, first: torch.Tensor, threshold: float = 0.5,
    least: float | None = -1.0,
) -> Redrawn:  # fmt: skip
    """Instances of score 1, of which by default none is dropped."""
    return part.refine(pixels, boxes, first, torch.ones(len(boxes)), threshold, least)


def scene() -> tuple[torch.Tensor, dict]:
    """Two coloured rectangles on grey, the second of no known class."""
    image = torch.full((3, *SIZE), 100, dtype=torch.uint8)
    masks = torch.zeros(2, *SIZE, dtype=torch.bool)
    for i, (x0, y0, x1, y1) in enumerate(RECTANGLES):
        masks[i, y0:y1, x0:x1] = True
        image[:, y0:y1, x0:x1] = torch.tensor([250, 250 * i, 20])[:, None, None]
    return image, {"boxes": torch.tensor(RECTANGLES).float(), "labels": torch.tensor([0, -1]), "masks": masks}


def losses(model: SemSeg, **changes: torch.Tensor) -> dict[str, torch.Tensor]:
    """On the scene, with some of its targets exchanged."""
    image, target = scene()
    return model.train()(image[None], [SIZE], [{**target, **changes}])


def loss_without_objects(model: SemSeg, name: str) -> torch.Tensor:
    """After its backward pass."""
    _, target = scene()
    loss = losses(model, **{name: value[:0] for name, value in target.items()})[name]
    loss.backward()
    return loss


def names_that_learn_from(loss: torch.Tensor, model: SemSeg) -> set[str]:
    loss.backward()
    return {name for name, p in model.named_parameters() if p.grad is not None and p.grad.any()}


def names_of(part: str, model: SemSeg) -> set[str]:
    """The part's parameters that are to learn."""
    return {name for name, p in model.named_parameters() if name.startswith(f"{part}.") and p.requires_grad}


def losses_of_it_alone(part: str, model: SemSeg) -> set[str]:
    """The names of the losses that are taken where nothing but the part learns."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(f"{part}."))
    return set(losses(model))


def learn(
    model: SemSeg, part: str, steps: int, rate: float, and_of: tuple[str, ...] = (), **changes: torch.Tensor
) -> None:
    """Train a part of it on the scene, by its loss and further ones."""
    optimiser = torch.optim.AdamW(getattr(model, part).parameters(), rate)
    for _ in range(steps):
        loss = sum(losses(model, **changes)[name] for name in (f"loss_{part}", *and_of))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
