"""Configurations as earlier releases wrote them, in files, checkpoints and command lines, are read as today's."""

from typing import Any

# section, entry → the section and entry that it is today
MOVED = {
    ("decision", "unknown_by"): ("scoring", "unknown_by"),
    ("decision", "class_share"): ("scoring", "class_share"),
    ("decision", "unknown_scale"): ("scoring", "unknown_scale"),
    ("decision", "unknown_share"): ("second_look", "unknown_share"),
    ("decision", "vote_iou"): ("box_voting", "iou"),
    ("loss_weights", "second_look"): ("second_look", "loss_weight"),
    ("loss_weights", "mask_refinement"): ("mask_refinement", "loss_weight"),
    ("loss_weights", "mask_score"): ("mask_refinement", "score_loss_weight"),
}
# Entries that are gone, and the only value that a network can still have. The first section is the network's own.
GONE = {
    ("", "min_level"): 2,
    ("", "max_level"): 6,
    ("", "separable"): False,
    ("decision", "duplicate_iou"): None,
}
# mask.modulation, mask.blend → what is mask.output today
MASK_OUTPUTS = {(True, False): "modulated", (False, False): "class_agnostic", (False, True): "blended"}
PAPERS_SCORING = {"unknown_by": "distance", "class_share": 1, "unknown_scale": 1}


def todays_spelling(tree: dict[str, Any]) -> dict[str, Any]:
    """A network's configuration with every entry where it belongs today; what is written so already stays.

    Raises:
        ValueError: an entry that is gone has a value that no network can have any more.
    """
    tree = {name: dict(section) if isinstance(section, dict) else section for name, section in tree.items()}
    for (section, entry), value in GONE.items():
        entries = tree.get(section) if section else tree
        if isinstance(entries, dict) and entry in entries and (found := entries.pop(entry)) != value:
            name = f"{section}.{entry}".lstrip(".")
            raise ValueError(f"{name} is {found!r}, but this release can only do {value!r}; leave {name} out")
    if isinstance(tree.get("mask"), dict):
        _read_mask_output(tree["mask"])
    moved: dict[str, dict[str, Any]] = {}
    for (section, entry), (new_section, new_entry) in MOVED.items():
        entries = tree.get(section)
        if isinstance(entries, dict) and entry in entries:
            moved.setdefault(new_section, {})[new_entry] = entries.pop(entry)
    for section, entries in moved.items():
        tree[section] = _joined(section, tree.get(section), entries)
    return tree


def _read_mask_output(section: dict[str, Any]) -> None:
    """In place: `modulation` and `blend`, where they are given, become `output`."""
    if not {"modulation", "blend"} & section.keys():
        return
    today = section.get("output", "modulated")
    modulation, blend = section.pop("modulation", today == "modulated"), section.pop("blend", today == "blended")
    output = next((output for old, output in MASK_OUTPUTS.items() if old == (modulation, blend)), None)
    if output is None:
        raise ValueError(
            f"mask: modulation is {modulation!r} and blend is {blend!r}, expected true or false and at most one true; "
            f"write mask.output, one of {', '.join(MASK_OUTPUTS.values())}, instead"
        )
    section["output"] = output


def _joined(section: str, own: Any, moved: dict[str, Any]) -> Any:
    """A section with the entries that were moved to it; None where they ask for nothing."""
    if section == "box_voting":
        return None if moved["iou"] is None else moved
    if isinstance(own, dict):
        return {**own, **moved}
    if section == "scoring" and {**PAPERS_SCORING, **moved} != PAPERS_SCORING:
        return moved
    return own  # a part that is not there; its entries were of no effect
