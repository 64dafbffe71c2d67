"""The loss over a run's steps, from the log that Lightning writes for TensorBoard."""

from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

MOST_POINTS = 200


def loss_curve(folder: Path) -> list[tuple[int, float]]:
    """(step, loss) of a run in its order, at most 200 of them. Where a run was stopped and went on from an earlier
    step, what came later counts."""
    points: dict[int, float] = {}
    for file in sorted(folder.glob("events.out.tfevents.*"), key=lambda path: path.stat().st_mtime):
        events = EventAccumulator(str(file), size_guidance={"scalars": 0}).Reload()
        if "loss" in events.Tags()["scalars"]:
            scalars = events.Scalars("loss")
            points = {step: loss for step, loss in points.items() if step < scalars[0].step}
            points |= {scalar.step: float(scalar.value) for scalar in scalars}
    ordered = sorted(points.items())
    return ordered[:: max(1, -(-len(ordered) // MOST_POINTS))]
