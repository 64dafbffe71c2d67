"""The progress bar of `osis scenes`."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from osis_ros.simulation.dataset import Settings, write_dataset


def write_with_progress(
    out: Path, settings: Settings, count: int, workers: int, ray_address: str | None = None
) -> None:
    """`write_dataset` with images done, images/s and time left on stderr."""
    columns = (
        TextColumn(f"{settings.split} scenes"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    console = Console(stderr=True, markup=False, emoji=False)
    with Progress(*columns, console=console) as bar:
        steps = write_dataset(out, settings, count, workers, ray_address)
        found = next(steps)
        task = bar.add_task("", total=count, completed=found, rate="")
        for done in steps:
            elapsed = bar.tasks[task].elapsed or 1e-3
            bar.update(task, completed=done, rate=f"{(done - found) / elapsed:.1f} images/s")
        elapsed = bar.tasks[task].elapsed or 1e-3
    made = count - found
    where = f"on the Ray cluster at {ray_address}" if ray_address else f"with {workers} workers"
    speed = f", {made / elapsed:.1f} images/s {where}" if made else ""
    console.print(f"{out / settings.split}: {count} images, {made} of them new{speed}")
