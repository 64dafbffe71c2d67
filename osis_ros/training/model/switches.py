"""Which parts of a network go together."""

from typing import Any

# Entries of `proposals` that only OLN's network has.
OF_OLN_PROPOSALS = (
    "centerness_positive_iou", "centerness_negative_iou", "centerness_positive_fraction", "centerness_loss", "box_loss",
    "side_bias", "feature_length",
)  # fmt: skip

# Entries of the network that a network that labels pixels has too.
OF_SCENE = ("class_names", "backbone", "frozen_stages", "channels", "decision", "scene")


def impossible_pair(config: Any) -> str | None:
    """Why the parts of a `ModelConfig` cannot be put together, in one sentence; None where they can."""
    if config.scene:
        return _idle_beside_scene(config)
    head, classifier, mask, decision = (
        config.roi.head, config.classifier.kind, config.mask.output, config.decision.kind,
    )  # fmt: skip
    by_decision = {
        "distance": ("semantic",), "class": ("softmax", "cosine", "words"), "placeholder": ("placeholder",),
    }  # fmt: skip
    own = by_decision[decision]
    if classifier not in own:
        return f"classifier.kind: decision.kind {decision} wants {' or '.join(own)}, not {classifier}"
    heads = ("fast_rcnn", "separate") if decision == "class" else ("oln",)
    if head not in heads:
        return f"roi.head: decision.kind {decision} wants {' or '.join(heads)}, not {head}"
    if config.roi.class_boxes and head == "oln":
        return "roi.class_boxes: roi.head oln refines one box whatever the class, expected fast_rcnn or separate"
    if mask in ("modulated", "blended") and classifier != "semantic":
        return f"mask.output: {mask} needs the embedding of classifier.kind semantic, not {classifier}"
    if mask == "class_specific" and classifier != "softmax":
        return f"mask.output: class_specific has no mask for an unknown object, as classifier.kind {classifier} finds"
    if mask == "modulated" and not config.mask.pixel_conv:
        return "mask.pixel_conv: mask.output modulated needs it, its output is the embedding of a pixel"
    if config.roi.class_boxes and classifier != "softmax":
        return f"roi.class_boxes: classifier.kind {classifier} finds unknown objects, which have no box of a class"
    if reason := _impossible_words(config):
        return reason
    for name in ("scoring", "box_voting", "second_look", "mask_refinement"):
        if getattr(config, name) and decision != "distance":
            return f"{name}: it is for decision.kind distance, not {decision}"
    if config.mask_teacher and mask == "words":
        return "mask_teacher: mask.output words learns from known masks alone, expected another output"
    for name in ("instance_contrast", "unknown_probability"):
        if getattr(config, name) and classifier != "cosine":
            return f"{name}: it is for classifier.kind cosine, not {classifier}"
    if config.proposals.kind != "oln":
        fields = type(config.proposals).model_fields
        idle = [name for name in OF_OLN_PROPOSALS if getattr(config.proposals, name) != fields[name].default]
        if idle:
            return f"proposals.{idle[0]}: it is for proposals.kind oln, not {config.proposals.kind}; leave it out"
    if decision == "placeholder" and config.decision.unknown_threshold > 1:
        return f"decision.unknown_threshold: {config.decision.unknown_threshold:g} bounds odds, expected 0..1"
    return None


def _idle_beside_scene(config: Any) -> str | None:
    """The first entry that says something of objects, of which a network that labels pixels knows nothing."""
    fields = type(config).model_fields
    idle = [name for name in fields if name not in OF_SCENE and getattr(config, name) != fields[name].default]
    of_decision = type(config.decision).model_fields
    idle += [
        f"decision.{name}"
        for name in of_decision
        if name not in ("score_threshold", "unknown_threshold")
        and getattr(config.decision, name) != of_decision[name].default
    ]
    return f"{idle[0]}: of no effect with scene, which labels pixels; leave it out" if idle else None


def _impossible_words(config: Any) -> str | None:
    """The same of parts that use the vectors of names."""
    classifier, words = config.classifier.kind, config.words
    if (classifier == "words") != (words is not None):
        return (
            "words: classifier.kind words needs this section, expected at least `words: {}`"
            if words is None
            else f"words: it is for classifier.kind words, not {classifier}"
        )
    for entry, value, wanted in (
        ("proposals.kind", config.proposals.kind, "background_rpn"), ("mask.output", config.mask.output, "words"),
    ):  # fmt: skip
        if value == wanted and words is None:
            return f"{entry}: {wanted} needs the vectors of classifier.kind words, not {classifier}"
    if words is None or words.sync == "none":
        return None
    if config.proposals.kind != "background_rpn":
        return f"words.sync: {words.sync} wants proposals.kind background_rpn, not {config.proposals.kind}"
    if words.sync != "box" and config.mask.output != "words":
        return f"words.sync: {words.sync} wants mask.output words, not {config.mask.output}"
    return None
