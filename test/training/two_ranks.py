"""A training run of which every process writes down what it drew and the weights that it ended with.

Run as `python two_ranks.py CONFIG.yaml DATA OUTPUT`; rank r leaves OUTPUT/rank<r>.pt. Lightning starts the other
processes by the same command line.
"""

import sys
from pathlib import Path

import torch

from osis_ros.training import fit
from osis_ros.training.config import load_config

config, data, output = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
drawn: list[tuple[int, int]] = []  # position in the stream, objects left in the sample


class RecordedSamples(fit.Samples):
    def __getitem__(self, index):
        image, target = super().__getitem__(index)
        drawn.append((index[1], len(target["boxes"])))
        return image, target


class RecordedModule(fit.FitModule):
    def on_fit_end(self) -> None:
        torch.save({"drawn": drawn, "state": self.model.state_dict()}, output / f"rank{self.global_rank}.pt")


fit.Samples, fit.FitModule = RecordedSamples, RecordedModule
fit.fit(load_config(config), data, output)
