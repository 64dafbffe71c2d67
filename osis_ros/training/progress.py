"""How a run is doing, as plain lines: they read the same on a terminal, in a log file and over ssh."""

import time

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback


class ProgressLines(Callback):
    """Every so many steps: steps done, images a second since the last line, losses, and the time left."""

    def __init__(self, every: int = 50) -> None:
        self.every = every
        self.images = 0
        self.since = 0.0

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if trainer.is_global_zero:
            print(f"training {trainer.global_step} → {trainer.max_steps} steps", flush=True)
        self.since, self.images, self.step = time.monotonic(), 0, trainer.global_step

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, outputs, batch, index: int) -> None:
        self.images += len(batch[0]) * trainer.world_size
        done = trainer.global_step - self.step
        if (done < self.every and trainer.global_step < trainer.max_steps) or not trainer.is_global_zero:
            return
        now = time.monotonic()
        seconds = max(now - self.since, 1e-9)
        left = (trainer.max_steps - trainer.global_step) * seconds / max(done, 1) / 60
        losses = "  ".join(
            f"{name.removeprefix('loss_')} {float(value):.3f}"
            for name, value in trainer.logged_metrics.items()
            if name.startswith("loss")
        )
        print(
            f"step {trainer.global_step}/{trainer.max_steps}  {self.images / seconds:.2f} images/s  "
            f"{left:.0f} min left  {losses}",
            flush=True,
        )
        self.since, self.images, self.step = now, 0, trainer.global_step
