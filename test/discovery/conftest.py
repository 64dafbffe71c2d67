"""A discovery that several tests look at."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from cell_pictures import CYAN, PURPLE, RED, YELLOW, cells, shade

pytest.importorskip("sklearn", reason="clusters are found with scikit-learn")
pytest.importorskip("jinja2", reason="the page is a template of Jinja2")
pytest.importorskip("faster_coco_eval", reason="COCO's files are read with faster-coco-eval")
pytest.importorskip("safetensors", reason="class centres are read with safetensors")
from osis_ros.discovery.discover import Options, discover


def write_pictures(folder: Path) -> Path:
    """Five pictures of purple and three of yellow things, beside known red ones and one cyan thing."""
    folder.mkdir()
    for step in range(5):
        yellow = shade(YELLOW, step) if step < 3 else None
        rgb = cells(shade(PURPLE, step), RED, yellow, CYAN if step == 4 else None)
        cv2.imwrite(str(folder / f"{step}.png"), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    cv2.imwrite(str(folder / "black.png"), np.zeros((224, 224, 3), np.uint8))
    return folder


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("recordings") / "pictures")


@pytest.fixture(scope="session")
def discovered(tmp_path_factory: pytest.TempPathFactory, pictures: Path, colour_cells: Path) -> Path:
    """The folder of a discovery. Tests that write to it copy it first."""
    folder = tmp_path_factory.mktemp("discovered") / "out"
    discover(Options((pictures,), folder, str(colour_cells)))
    return folder
