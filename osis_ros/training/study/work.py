"""The runs of a study: a plain list. Each is trained, scored and shown; what is done is never done again."""

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osis_ros.files.atomic import write_whole
from osis_ros.training.checkpoint import load_checkpoint
from osis_ros.training.config import ConfigError, TrainConfig
from osis_ros.training.fit import fit
from osis_ros.training.prepare import prepare_scenes, require_files
from osis_ros.training.study.config import StudyConfig, training_of
from osis_ros.training.study.curves import loss_curve
from osis_ros.training.study.measure import score_run, show_run
from osis_ros.training.study.threshold import with_threshold

STUDY_FILE, RUN_FILE, REPORT_FILE = "study.json", "run.json", "report.json"
WEIGHTS_FILE = "weights.safetensors"  # of a run whose T_u was set after training
GENERATOR = "osis study"


@dataclass(frozen=True)
class Run:
    """A row of the tables with one seed; `parts` are trained one after the other, each from the weights of the one
    before. Without parts its weights are a file, and the seed is 0."""

    system: str
    seed: int
    parts: tuple[TrainConfig, ...]

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.system}-{self.seed}"


def runs_of(study: StudyConfig) -> list[Run]:
    """All runs: the first seed of every system before the second of any.

    Raises:
        ConfigError: an entry of the training configuration that is unknown or out of range.
    """
    seeds = {name: study.seeds_of(name) for name in study.systems}
    return [
        Run(name, own[number], () if study.systems[name].checkpoint else training_of(study, name, own[number]))
        for number in range(max(map(len, seeds.values())))
        for name, own in seeds.items()
        if number < len(own)
    ]


def run_study(
    study: StudyConfig, data_root: Path, output: Path, tell: Callable[[str], None] = print,
    after_run: Callable[[], object] = lambda: None,
) -> int:  # fmt: skip
    """Do every run that is not done, and that no other process is at.

    Args:
        data_root: folder that data paths start at.
        output: of the study, with a folder for each run.
        tell: is given a line for each run.
        after_run: is called when a run is done.
    Returns:
        the number of runs that other processes are at.
    Raises:
        OsisError: a configuration or data that cannot be used, in one sentence.
    """
    runs = runs_of(study)
    _claim(output, study)
    for run in runs:
        for config in run.parts[:1]:
            require_files(config, data_root)
            prepare_scenes(config, data_root)
    _require_tests(study, data_root)
    elsewhere = 0
    for number, run in enumerate(runs, 1):
        folder = output / run.name
        with _alone(folder) as alone:
            head = f"{number}/{len(runs)} {run.name}"
            if not alone:
                tell(f"{head}: another process is at it")
                elsewhere += 1
            elif is_done(run, study, folder):
                tell(f"{head}: done")
            else:
                tell(f"{head}: {' + '.join(f'{part.steps} steps of {part.name}' for part in run.parts) or 'scoring'}")
                _do(run, study, data_root, folder)
                after_run()
    return elsewhere


def finished(study: StudyConfig, output: Path) -> list[tuple[Run, dict[str, Any]]]:
    """The runs that are done, with their reports."""
    done = [run for run in runs_of(study) if is_done(run, study, output / run.name)]
    return [(run, json.loads((output / run.name / REPORT_FILE).read_text("utf-8"))) for run in done]


def is_done(run: Run, study: StudyConfig, folder: Path) -> bool:
    """Whether a run has its report.

    Raises:
        ConfigError: the folder holds a run of another configuration.
    """
    if (folder / RUN_FILE).is_file():
        earlier, now = json.loads((folder / RUN_FILE).read_text("utf-8")), _settings(run, study)
        if entry := next(_differences(earlier, now), None):
            raise ConfigError(
                f"{folder} holds a run of another configuration, which differs in {entry}; give the study another "
                "output, or move the folder away"
            )
    return (folder / REPORT_FILE).is_file()


def _do(run: Run, study: StudyConfig, data_root: Path, folder: Path) -> None:
    if not (folder / RUN_FILE).is_file():
        write_whole(folder / RUN_FILE, json.dumps(_settings(run, study), indent=1) + "\n")
    given = study.systems[run.system].checkpoint
    checkpoint = data_root / given if given else None
    curve: list[tuple[int, float]] = []
    for number, part in enumerate(run.parts):
        if number == 0 and study.init:
            checkpoint = fit(part, data_root, folder, init=data_root / study.init, init_parts=study.init_parts)
        else:
            checkpoint = fit(part, data_root, folder, init=checkpoint)
        start = curve[-1][0] if curve else 0
        curve += [(start + step, loss) for step, loss in loss_curve(folder / part.name)]
    assert checkpoint is not None
    if run.parts:
        checkpoint = with_threshold(checkpoint, study, run.parts[-1], data_root, folder / WEIGHTS_FILE)
    scores = score_run(checkpoint, study, data_root, folder)
    show_run(checkpoint, study, data_root, folder)
    model = load_checkpoint(checkpoint)[0]
    weights = sum(p.numel() for p in model.parameters())
    samples = sum(part.steps * part.batch * part.accumulate for part in run.parts)
    report = {"system": run.system, "seed": run.seed, "samples": samples, "weights": weights, "curve": curve,
              "unknown_threshold": model.config.decision.unknown_threshold, "scores": scores}  # fmt: skip
    write_whole(folder / REPORT_FILE, json.dumps(report, indent=1) + "\n")


def _settings(run: Run, study: StudyConfig) -> dict[str, Any]:
    """What decides the results of a run, as JSON has it."""
    parts = [part.model_dump(exclude={"workers", "checkpoint_every", "devices"}) for part in run.parts]
    given = study.systems[run.system].checkpoint
    shared = study.model_dump(
        include={"init", "init_parts", "tests", "short_side", "long_side", "pictures", "map_images", "stay_known"}
    )
    whole = {"parts": parts, "checkpoint": given, **shared}
    return json.loads(json.dumps(whole, default=str))


def _differences(first: Any, second: Any, name: str = "") -> Iterator[str]:
    """Entries that differ. None and an entry that is not there are the same: later releases have more entries."""
    if isinstance(first, dict) and isinstance(second, dict):
        for key in first.keys() | second.keys():
            yield from _differences(first.get(key), second.get(key), f"{name}.{key}".lstrip("."))
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for number, pair in enumerate(zip(first, second, strict=True)):
            yield from _differences(*pair, f"{name}.{number}")
    elif first != second:
        yield f"{name} ({first!r}, now {second!r})"


def _claim(output: Path, study: StudyConfig) -> None:
    """Make the folder of a study, or find that it is one.

    Raises:
        ConfigError: it holds something else.
    """
    file = output / STUDY_FILE
    if not file.is_file():
        if output.exists() and (not output.is_dir() or any(output.iterdir())):
            raise ConfigError(f"{output} is no folder of an {GENERATOR}: name an empty one, or one that does not exist")
        output.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps({"generator": GENERATOR, "name": study.name}) + "\n")
    elif (name := json.loads(file.read_text("utf-8")).get("name")) != study.name:
        raise ConfigError(f"{output} belongs to the study {name!r}, not {study.name!r}; name another folder")


def _require_tests(study: StudyConfig, data_root: Path) -> None:
    wanted = {f"tests.{name}.{entry}": data_root / getattr(test, entry)
              for name, test in study.tests.items() for entry in ("ground_truth", "images")}  # fmt: skip
    wanted |= {f"systems.{name}.checkpoint": data_root / row.checkpoint
               for name, row in study.systems.items() if row.checkpoint}  # fmt: skip
    wanted |= {"init": data_root / study.init} if study.init else {}
    missing = [f"{entry}: {path}" for entry, path in wanted.items() if not path.exists()]
    if missing:
        raise ConfigError(f"not found: {'; '.join(missing)}; is the data folder right?")


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether no other process, on this machine or on one that shares the folder, is at this run."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
