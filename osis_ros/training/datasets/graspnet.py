"""GraspNet-1Billion -> GraspNet-OSIS: which scenes make up the training set and Test-1…6 (SemSeg, section IV-D).

Scenes 0–99 were published for training, 100–129 to test with seen objects, 130–159 with similar and 160–189 with novel
ones; 188 in truth holds seen objects and 189 similar ones. The 28 objects of the seen scenes are known.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from osis_ros.training.class_names import GRASPNET_KNOWN

SCENES, FRAMES, OBJECTS = 190, 256, 88
KNOWN = frozenset(GRASPNET_KNOWN)
TRAIN_ONLY = frozenset({15, 34, 36, 37, 40, 43, 44, 46, 56, 57, 69, 70})
PUBLISHED_TRAIN = range(100)
SEEN = frozenset({*range(100, 130), 188})
SIMILAR = frozenset({*range(130, 160), 189})
NOVEL = frozenset(range(160, 188))
SETS = ("train", *(f"test_{n}" for n in range(1, 7)))
EXPECTED_SCENES = {"train": 38, "test_1": 93, "test_2": 124, "test_3": 152, "test_4": 20, "test_5": 40, "test_6": 60}


@dataclass(frozen=True)
class SceneSets:
    """The scenes of each set by number, and why a set is left out."""

    scenes: dict[str, tuple[int, ...]]
    left_out: dict[str, str]


def object_name(object_id: int) -> str:
    """The name of a known object; others, which are never named, are called by their number."""
    return GRASPNET_KNOWN.get(object_id, f"object_{object_id:02d}")


def categories(known_only: bool = False) -> list[dict]:
    """COCO categories; an id is the 0-based number of the object in GraspNet."""
    ids = sorted(KNOWN) if known_only else range(OBJECTS)
    return [{"id": i, "name": object_name(i), "open_set": "known" if i in KNOWN else "unknown"} for i in ids]


def scene_sets(objects: Mapping[int, frozenset[int]], seed: int = 0, step: int = 20) -> SceneSets:
    """Sort scenes into GraspNet-OSIS.

    Training: the published training scenes with known objects alone. Test-1: the other training scenes and those with
    seen objects; Test-2 adds those with similar objects, Test-3 those with novel ones.

    Test-4, 5, 6 have 20, 40 and 60 scenes and a wilderness ratio (images with unknown objects to images with known
    ones) of 1, 2 and 3, but which scenes was not published. Here: `step` scenes with both known and unknown objects;
    to these, `step` and twice `step` scenes with unknown objects alone. They are drawn by `seed`, and each set holds
    the one before. The authors' own lists, where a user has them, take precedence.

    Args:
        objects: the ids of the objects in each scene that there is; a partial copy gives partial sets.
        step: the size of Test-4 in scenes.
    """
    train = tuple(s for s in sorted(objects) if s in PUBLISHED_TRAIN and objects[s] <= KNOWN)
    others = [s for s in sorted(objects) if s not in train]
    test_1 = tuple(s for s in others if s in PUBLISHED_TRAIN or s in SEEN)
    test_2 = tuple(s for s in others if s in test_1 or s in SIMILAR)
    scenes = {"train": train, "test_1": test_1, "test_2": test_2, "test_3": tuple(others)}
    mixed = [s for s in others if objects[s] & KNOWN and objects[s] - KNOWN]
    unknown_only = [s for s in others if not objects[s] & KNOWN]
    rng = np.random.default_rng(seed)
    mixed, unknown_only = rng.permutation(mixed).tolist(), rng.permutation(unknown_only).tolist()
    left_out = {}
    for ratio in (1, 2, 3):
        name, more = f"test_{ratio + 3}", (ratio - 1) * step
        if len(mixed) < step or len(unknown_only) < more:
            left_out[name] = (f"it needs {step} scenes with known and unknown objects and {more} with unknown ones "
                              f"alone, this copy has {len(mixed)} and {len(unknown_only)}")  # fmt: skip
        else:
            scenes[name] = tuple(sorted(mixed[:step] + unknown_only[:more]))
    left_out |= {name: "none of its scenes is there" for name, found in scenes.items() if not found}
    return SceneSets({name: found for name, found in scenes.items() if found}, left_out)
