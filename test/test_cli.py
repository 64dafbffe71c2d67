"""The `osis` command as a whole."""

import subprocess
import sys

import pytest

WITHOUT = "import sys; sys.modules[sys.argv[1]] = None; from osis_ros.cli import app; app(sys.argv[2:])"


@pytest.mark.parametrize(
    ("module", "arguments", "sentence"),
    [
        (
            "torch",
            ["export", "last.ckpt", "--output", "x"],
            "export needs torch: in the repository, pip install '.[train]'",
        ),
        (
            "faster_coco_eval",
            ["evaluate", "--ground-truth", "a.json", "--detections", "b.json"],
            "evaluate needs faster_coco_eval: in the repository, pip install '.[replay]'",
        ),
    ],
)
def test_a_library_that_is_not_installed_is_one_sentence(module: str, arguments: list[str], sentence: str):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, module, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.strip() == f"osis: {sentence}"
