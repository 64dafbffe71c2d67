"""Where a run that goes on stands: the samples that it has been trained on, and the step of its schedule."""

from typing import Any

from osis_ros.training.config import TrainConfig

SAMPLES = "samples"  # a checkpoint's entry


def samples_seen(checkpoint: dict[str, Any], processes: int) -> int:
    """How many samples of the stream a run has been trained on, whatever its batches were.

    Args:
        checkpoint: a run's last; one from before samples were counted has had one size of batch throughout.
        processes: that train now, and are taken to have trained such a checkpoint.
    """
    if SAMPLES in checkpoint:
        return checkpoint[SAMPLES]
    earlier = checkpoint["hyper_parameters"]["config"]
    return checkpoint["global_step"] * earlier["batch"] * earlier["accumulate"] * processes


def resumed_step(checkpoint: dict[str, Any], config: TrainConfig) -> int:
    """The step at which a run goes on: the checkpoint's own. But a run that moves between a CPU and a GPU, where
    `on_gpu` gives it another number of steps, goes on at the same share of its schedule.

    Args:
        checkpoint: the run's last.
        config: how it goes on.
    """
    done, earlier = checkpoint["global_step"], checkpoint["hyper_parameters"]["config"]
    there = config.on_gpu.get("steps")
    if there is None or earlier.get("on_gpu", {}).get("steps") != there:
        return done
    moves = (earlier["steps"] == there) != (config.steps == there)
    return max(1, round(config.steps * done / earlier["steps"])) if moves else done


def set_step(checkpoint: dict[str, Any], step: int, accumulate: int) -> None:
    """Make a checkpoint, as Lightning draws it up, one of another step, and of as many batches a step as there are now.

    Nothing is changed where it is of that step and had as many.
    """
    loop = checkpoint["loops"]["fit_loop"]
    batches = loop["epoch_loop.batch_progress"]
    if checkpoint["global_step"] == step and batches["total"]["ready"] == step * accumulate:
        return
    checkpoint["global_step"] = step
    optimiser = loop["epoch_loop.automatic_optimization.optim_progress"]["optimizer"]
    for progress in (optimiser["step"], optimiser["zero_grad"], loop["epoch_loop.scheduler_progress"]):
        for counts in progress.values():
            counts.update(dict.fromkeys(counts, step))
    for counts in (batches["current"], batches["total"]):
        # It is saved before the last batch is called completed.
        counts.update(dict.fromkeys(counts, step * accumulate), completed=step * accumulate - 1)
    for schedule in checkpoint["lr_schedulers"]:
        schedule |= {"last_epoch": step, "_step_count": step + 1}
    for state in checkpoint["callbacks"].values():
        if "latest_update_step" in state:  # of the averaged weights
            state["latest_update_step"] = step
