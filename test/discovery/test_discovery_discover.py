"""Recordings in, a folder with clusters out; `osis discover`."""

import base64
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest
from cell_pictures import PURPLE, RED, cells
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.coco.rle import decode
from osis_ros.inference.segmenter import Segmenter


def run(*arguments: object) -> tuple[int, str]:
    """Exit status, and what was printed: on stderr where it failed."""
    result = CliRunner().invoke(app, ["discover", *map(str, arguments)], env={"COLUMNS": "300"})
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    return result.exit_code, result.stderr if result.exit_code else result.stdout


def record_of(folder: Path) -> dict:
    return json.loads((folder / "discovery.json").read_text("utf-8"))


def save(file: Path, rgb: np.ndarray) -> Path:
    cv2.imwrite(str(file), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    return file


def test_things_that_look_alike_become_a_cluster_and_the_odd_one_is_noise(discovered: Path):
    record = record_of(discovered)
    clusters = [instance["cluster"] for instance in record["instances"] if instance["class_name"] is None]
    assert sorted(clusters) == [0] + [1] * 5 + [2] * 3
    assert record["clusters"] == 2
    assert {i["class_name"] for i in record["instances"] if i["cluster"] is None} == {"red"}
    assert (discovered / "names.csv").read_text() == (
        "cluster,things,name,merge,drop\n1,5,candidate_01,,\n2,3,candidate_02,,\n"
    )


def test_the_record_holds_what_the_model_finds_in_the_saved_pictures(discovered: Path, colour_cells: Path):
    record, segmenter = record_of(discovered), Segmenter(colour_cells)
    embeddings = np.load(discovered / "embeddings.npy")
    assert embeddings.shape == (len(record["instances"]), 3)
    assert record["model_sha256"] == segmenter.bundle.manifest.sha256
    assert [picture["file"] for picture in record["pictures"]] == [f"{n:06d}.jpg" for n in range(5)]  # none is black
    for number, picture in enumerate(record["pictures"]):
        bgr = cv2.imread(str(discovered / "images" / picture["file"]))
        found = segmenter.segment(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
        rows = [row for row, instance in enumerate(record["instances"]) if instance["picture"] == number]
        assert len(rows) == len(found)
        np.testing.assert_allclose(np.sort(embeddings[rows], 0), np.sort(found.embeddings, 0), atol=0.02)
        for row in rows:  # 80 px squares, as they were painted, but for their corners
            mask = decode({"size": [224, 224], "counts": record["instances"][row]["counts"]})
            assert 80 * 80 - 20 <= mask.sum() <= 80 * 80


def test_the_same_recordings_give_the_same_files_byte_for_byte(
    discovered: Path, pictures: Path, colour_cells: Path, tmp_path: Path
):
    code, said = run(pictures, "--model", colour_cells, "--output", tmp_path / "again")
    assert code == 0, said
    assert "6 pictures: 5 known and 9 unknown things, 2 clusters, 1 unknown things in no cluster" in said
    files = {file.relative_to(discovered): file.read_bytes() for file in discovered.rglob("*") if file.is_file()}
    again = {file.relative_to(tmp_path / "again"): file.read_bytes() for file in (tmp_path / "again").rglob("*")
             if file.is_file()}  # fmt: skip
    assert files == again


class Page(HTMLParser):
    """What the tests want to know of a page: its pictures, links, and whatever it loads from elsewhere."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.images: list[tuple[str, str]] = []
        self.elsewhere: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        if tag == "img":
            self.images.append((values["alt"], values["src"]))
        self.elsewhere += [v for k, v in attributes if k in ("src", "href") and not v.startswith(("data:", "#"))]


def test_the_page_is_one_file_with_a_crop_of_each_thing(discovered: Path):
    html = (discovered / "report.html").read_text("utf-8")
    page = Page(html)
    assert page.elsewhere == []
    assert "url(" not in html
    assert "prefers-color-scheme: dark" in html
    names = [alt for alt, _ in page.images]
    assert names == ["a thing of cluster 1"] * 5 + ["a thing of cluster 2"] * 3 + ["a thing in no cluster"]
    colours = []
    for _, source in page.images:
        jpeg = base64.b64decode(source.removeprefix("data:image/jpeg;base64,"))
        crop = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert crop.shape == (128, 128, 3)
        colours.append((crop[64, 64] > 100)[::-1].tolist())  # the middle of the crop, RGB
    assert colours == [[True, False, True]] * 5 + [[True, True, False]] * 3 + [[False, True, True]]
    bars = re.findall(r"<title>smallest size (\d+): (\d+) clusters, (\d+) things in none</title>", html)
    assert bars == [("2", "2", "1"), ("3", "2", "1"), ("4", "1", "5")]
    assert html.count('class="used"') == 1


def test_names_in_the_page_are_shown_as_text(pictures: Path, colour_cells: Path, tmp_path: Path):
    folder = tmp_path / "<b>&amp;"
    shutil.copytree(pictures, folder)
    assert run(folder, "--model", colour_cells, "--output", tmp_path / "out")[0] == 0
    assert "<h1>Discovered in &lt;b&gt;&amp;amp;</h1>" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_an_earlier_discovery_is_replaced_unless_names_csv_was_filled_in(
    discovered: Path, pictures: Path, colour_cells: Path, tmp_path: Path
):
    out = shutil.copytree(discovered, tmp_path / "out")
    assert run(pictures, "--model", colour_cells, "--output", out, "--min-cluster", 4)[0] == 0
    assert record_of(out)["clusters"] == 1
    (out / "names.csv").write_text("cluster,things,name,merge,drop\n1,5,plum,,\n")
    code, said = run(pictures, "--model", colour_cells, "--output", out)
    assert (code, said.count("\n")) == (1, 1)
    assert f"{out}/names.csv was changed since osis discover wrote it; name another folder, or move it away" in said
    assert "plum" in (out / "names.csv").read_text()


@pytest.fixture
def recordings(tmp_path: Path, pictures: Path) -> Path:
    """Recordings that cannot be used, and an output folder with something of the user's."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.png").write_bytes(b"no picture")
    save(tmp_path / "red.png", cells(RED, RED))
    save(tmp_path / "purple.png", cells(RED, PURPLE))
    (tmp_path / "torn.mcap").write_bytes(b"not a bag")
    shutil.copytree(pictures, tmp_path / "pictures")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere"], "nowhere does not exist, expected a bag, an image file or a folder of images"),
        (["empty"], "no images in empty"),
        (["broken"], "no picture could be used: broken/a.png cannot be decoded"),
        (["torn.mcap"], "torn.mcap"),
        (
            ["red.png"],
            "no unknown things were found in 1 pictures, beside 2 known ones, and a cluster needs 3; record other",
        ),
        (
            ["purple.png"],
            "1 unknown things were found in 1 pictures, beside 1 known ones, and a cluster needs 3; record other",
        ),
        (["pictures", "--min-views", "2"], "14 were seen too seldom: lower --min-views (now 2)"),
        (["pictures", "--output", "mine"], "mine holds thesis.tex and was not written by osis discover"),
        (["pictures", "--output", "red.png"], "red.png is a file, expected a folder to write to"),
        (["pictures", "--output", "pictures"], "pictures holds 0.png and was not written by osis discover"),
        (["pictures", "--unknown-threshold", "3"], "unknown_threshold is 3"),
        (["pictures", "--model", "nomodel"], "model bundle 'nomodel' does not exist"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_used_is_one_sentence_and_nothing_is_written(
    arguments: list[str], sentence: str, recordings: Path, colour_cells: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(recordings)
    before = {file: file.read_bytes() for file in recordings.rglob("*") if file.is_file()}
    code, said = run("--model", colour_cells, *arguments)
    assert (code, said.count("\n")) == (1, 1), said
    assert said.startswith("osis: ")
    assert sentence in said
    assert {file: file.read_bytes() for file in recordings.rglob("*") if file.is_file()} == before


def test_an_input_within_the_output_folder_is_refused(discovered: Path, colour_cells: Path, tmp_path: Path):
    out = shutil.copytree(discovered, tmp_path / "out")
    code, said = run(out / "images", "--model", colour_cells, "--output", out)
    assert code == 1
    assert f"{out} is or holds the input {out / 'images'}; name another folder with --output" in said


def test_a_picture_that_cannot_be_read_is_counted_and_told(pictures: Path, colour_cells: Path, tmp_path: Path):
    mixed = shutil.copytree(pictures, tmp_path / "mixed")
    (mixed / "0a.png").write_bytes(b"no picture")
    code, said = run(mixed, "--model", colour_cells, "--output", tmp_path / "out")
    assert code == 0
    assert f"skipped 1: {mixed}/0a.png cannot be decoded" in said
    assert "0a.png cannot be decoded" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_a_full_disk_leaves_nothing_behind(pictures: Path, colour_cells: Path, tmp_path: Path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("osis_ros.discovery.discover.write_record", full)
    code, said = run(pictures, "--model", colour_cells, "--output", tmp_path / "out")
    assert (code, said) == (1, "osis: No space left on device\n")
    assert list(tmp_path.iterdir()) == []
