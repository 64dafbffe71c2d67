"""Which small changes of the program does no test notice? `make mutants PATHS="osis_ros/inference/letterbox.py"`.

Each change (a mutant: `<` for `<=`, two arguments swapped, a keyword left out, …) is made in a copy of the repository,
build/mutants/tree. The tests of the mirrored folder that run the changed line then run, the quickest first, until one
fails. A change that all of them let pass is printed: either a test is missing, or the change makes no difference.

Answers are kept in build/mutants/results.jsonl. A run that is stopped goes on where it was, and after a change of the
tests only the survivors are tried again.

Libraries such as PyTorch are imported once, and every mutant runs in a fork. (mutmut 3 forks a process in which tests
have run, which DDS does not survive, and leaves decorated functions alone; cosmic-ray starts Python for each mutant.)
"""

import argparse
import contextlib
import difflib
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from types import FrameType

import pytest
from mutation_edits import Edit, edits

REPOSITORY = Path(__file__).parents[1]


def tests_near(source: Path, tree: Path) -> list[Path]:
    """The test files that are to notice a change of `source`: those of its mirrored folder (of a file at the top, those
    of its name), else those that import it. Paths are relative to `tree`."""
    _, *folders = source.parent.parts
    files = sorted((tree / "test" / Path(*folders)).glob("test_*.py"))
    if not folders:
        files = [file for file in files if source.stem in file.stem]
    module = re.compile(rf"\b{'[.]'.join(source.with_suffix('').parts)}\b")
    files = files or [file for file in sorted((tree / "test").rglob("test_*.py")) if module.search(file.read_text())]
    return [file.relative_to(tree) for file in files]


def copy_tree(tree: Path) -> None:
    """Bring `tree` to the state of the working tree: what git tracks, and new files that it does not ignore."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=REPOSITORY, check=True,
                            capture_output=True, text=True).stdout  # fmt: skip
    wanted = {name for name in listed.split("\0") if name and (REPOSITORY / name).is_file()}
    for file in [file for file in tree.rglob("*") if file.is_file()]:
        if str(file.relative_to(tree)) not in wanted:
            file.unlink()
    for name in wanted:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, tree / name)


def in_fork(run: Callable[[], int], timeout: float, output: Path = Path(os.devnull)) -> int | None:
    """The exit status of `run()` in a fork of this process, its output in a file; None after `timeout` seconds."""
    child = os.fork()
    if child == 0:
        status = 70
        try:
            os.setsid()
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            for stream in (1, 2):
                os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
            status = int(run())
        finally:
            os._exit(status)
    deadline = time.monotonic() + timeout
    try:
        while time.monotonic() < deadline:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        return None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # it, if it is late, and what its tests left running
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)


class Trace:
    """A pytest plugin: how long each test takes, and which tests run which lines of a file."""

    def __init__(self, file: Path, answer: Path) -> None:
        self.file, self.answer, self.test = str(file), answer, ""
        self.lines: dict[int, set[str]] = {}
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.test, begin = item.nodeid, time.process_time()
        sys.settrace(self.call)
        threading.settrace(self.call)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            self.seconds[item.nodeid] = time.process_time() - begin

    def call(self, frame: FrameType, event: str, _: object) -> Callable | None:
        return self.line if frame.f_code.co_filename == self.file else None

    def line(self, frame: FrameType, event: str, _: object) -> Callable:
        self.lines.setdefault(frame.f_lineno, set()).add(self.test)
        return self.line

    def pytest_unconfigure(self) -> None:
        libraries = {name.split(".")[0] for name in sys.modules} - sys.stdlib_module_names
        ours = {"osis_ros", "conftest", *(path.stem for path in Path("test").rglob("*.py"))}
        lines = {line: sorted(tests, key=self.seconds.__getitem__) for line, tests in self.lines.items()}
        self.answer.write_text(json.dumps({"lines": lines, "libraries": sorted(libraries - ours)}))


def run_tests(tests: list[str], *plugins: object) -> int:
    """pytest's exit status."""
    return pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests], plugins=plugins)


def digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


class Results:
    """The answers so far, a line each."""

    def __init__(self, file: Path) -> None:
        self._file, self._answers = file, {}
        for line in file.read_text().splitlines() if file.exists() else []:
            with contextlib.suppress(ValueError):  # cut off as it was written
                self._answers.update(json.loads(line))

    def __getitem__(self, keys: tuple[str, str]) -> str | None:
        """Killed is killed; a survivor counts for the tests that it survived."""
        mutant, tests = keys
        return self._answers.get(mutant) or self._answers.get(mutant + tests)

    def add(self, mutant: str, tests: str, answer: str) -> None:
        entry = {mutant + tests if answer == "survived" else mutant: answer}
        self._answers |= entry
        with self._file.open("a") as file:
            file.write(json.dumps(entry) + "\n")


def difference(source: str, mutated: str) -> str:
    lines = difflib.unified_diff(source.splitlines(), mutated.splitlines(), n=0, lineterm="")
    return "\n".join(f"    {line}" for line in list(lines)[3:])


def try_file(source: Path, tree: Path, results: Results, options: argparse.Namespace, until: float) -> Iterator[str]:
    """Try the mutants of a file, and yield an answer for each: killed, slow (which counts as killed), survived."""
    text = (tree / source).read_text()
    tests = options.tests or [str(test) for test in tests_near(source, tree)]
    if not tests:
        raise SystemExit(f"{source}: no test file of its folder in test/, and none that imports it; name some: --tests")
    known = digest(*(file.read_text() for file in sorted((tree / "test").rglob("*.py"))))
    mutants = edits(text)
    if options.sample and len(mutants) > options.sample:
        mutants = sorted(random.Random(0).sample(mutants, options.sample))
    keys = {edit: digest(str(source), text, *map(str, edit)) for edit in mutants}
    traced = None
    for edit, key in keys.items():
        line = str(text.count("\n", 0, edit.start) + 1)
        answer = results[key, known]
        if answer is None:
            if time.monotonic() > until:
                return
            traced = traced or trace(source, tree, tests, digest(text, known, *tests))
            answer = try_edit(tree / source, text, edit, traced["lines"].get(line, tests), traced["seconds"])
            results.add(key, known, answer)
        if answer == "survived":
            print(f"{source}:{line} survived\n{difference(text, edit.of(text))}", flush=True)
        yield answer


def trace(source: Path, tree: Path, tests: list[str], key: str) -> dict:
    """Which of the tests run which line of `source`; also imports what they import, for the forks to come."""
    file = tree.parent / f"trace-{key}.json"
    if not file.exists():
        begin, output = time.monotonic(), tree.parent / "pytest.log"
        output.unlink(missing_ok=True)
        if (status := in_fork(partial(run_tests, tests, Trace(tree / source, file)), 3600, output)) != 0:
            file.unlink(missing_ok=True)
            raise SystemExit(f"{source}: its tests fail without any change, or take over an hour (pytest ended with "
                             f"{status}); their output is in {output}")  # fmt: skip
        file.write_text(json.dumps(json.loads(file.read_text()) | {"seconds": time.monotonic() - begin}))
    traced = json.loads(file.read_text())
    for name in traced["libraries"]:
        with contextlib.suppress(Exception):  # what pytest alone can import
            import_module(name)
    return traced


def try_edit(file: Path, text: str, edit: Edit, tests: list[str], seconds: float) -> str:
    """Run tests that take `seconds` at most against the file with one edit."""
    write_source(file, edit.of(text))
    try:
        status = in_fork(partial(run_tests, tests), 60 + 5 * seconds)
    finally:
        write_source(file, text)
    return "slow" if status is None else "killed" if status else "survived"


def write_source(file: Path, text: str) -> None:
    for code in file.parent.glob(f"__pycache__/{file.stem}.*.pyc"):  # which Python would take for this one's
        code.unlink()
    file.write_text(text)


def main() -> None:
    parser = argparse.ArgumentParser(description="Change the program in small ways and see whether a test notices.")
    parser.add_argument("paths", nargs="+", type=Path, help="files or folders of osis_ros/, relative to the repository")
    parser.add_argument("--tests", nargs="+", default=[], help="test files to run instead of those near each file")
    parser.add_argument(
        "--sample", type=int, default=0, help="try at most this many mutants of a file, the same each time"
    )
    parser.add_argument("--minutes", type=float, default=600, help="stop after this time; the next run goes on")
    parser.add_argument("--at-least", type=float, default=0, help="exit with 1 if less than this percentage is killed")
    options = parser.parse_args()

    files = [file for path in options.paths for file in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]
    if missing := [str(file) for file in files if not (REPOSITORY / file).is_file() or file.is_absolute()]:
        parser.error(f"no such file below {REPOSITORY}: {', '.join(missing)}")
    folder = REPOSITORY / "build" / "mutants"
    tree = folder / "tree"
    tree.mkdir(parents=True, exist_ok=True)
    (folder / "COLCON_IGNORE").touch()
    copy_tree(tree)
    os.chdir(tree)
    paths = [path for path in sys.path[1:] if Path(path).resolve() != REPOSITORY]
    sys.path[:] = [str(tree), *paths]
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(tree), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    )
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):  # a fork keeps no threads
        os.environ[name] = "1"

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # ends what it has started, as Ctrl-C does
    results, until, total = Results(folder / "results.jsonl"), time.monotonic() + 60 * options.minutes, Counter()
    for file in files:
        counts = Counter(try_file(file, tree, results, options, until))
        total += counts
        if counts:
            print(f"{file}: {summary(counts)}", flush=True)
    print(f"in all: {summary(total)}")
    if time.monotonic() > until:
        print("stopped, for the time is over; the same command goes on from here")
    sys.exit(share(total) < options.at_least)


def share(counts: Counter) -> float:
    return 100 * (1 - counts["survived"] / max(1, counts.total()))


def summary(counts: Counter) -> str:
    return f"{counts.total()} mutants, {counts['survived']} survived, {share(counts):.0f} % killed"


if __name__ == "__main__":
    main()
