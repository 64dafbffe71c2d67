"""Two replays of one recording are compared image by image, and the page works in a browser."""

import json
from pathlib import Path

import pytest
from bench import rgb_message
from browser import CHROMIUM, Browser
from colour_cells import write_colour_table
from test_bags_replay import ONE, STEP, TWO, header, run, write_bag

pytest.importorskip("rosbags", reason="bags are read and written with rosbags, which pip installs")
pytest.importorskip("jinja2", reason="the page is a template of Jinja2")
from osis_ros.inference.bundle import write_bundle
from osis_ros.inference.segmenter import Segmenter
from osis_ros.messages.instances import instances_to_message


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, colour_cells: Path) -> Path:
    """Three images: `a` at the model's thresholds, `b` where nothing is unknown, `c` of the first two alone."""
    folder = tmp_path_factory.mktemp("runs")
    messages = [rgb_message(pixels, header(n)) for n, pixels in enumerate((ONE, TWO, ONE))]
    bag = write_bag(folder / "bag", *(("/cam/image", n, message) for n, message in enumerate(messages)))
    for name, more in (("a", ()), ("b", ("--unknown-threshold", 2)), ("c", ("--first", 2))):
        code, said = run(bag, "--model", colour_cells, "--output", folder / name, *more)
        assert code == 0, said
    return folder


def compared(runs: Path, a: str, b: str, *more: object) -> tuple[int, str]:
    return run("compare", runs / a, runs / b, "--output", runs / f"{a}{b}.html", *more)


def test_what_differs_is_counted_and_the_images_are_sorted_by_it(runs: Path):
    code, said = compared(runs, "a", "b", "--json", runs / "ab.json")
    assert code == 0, said
    assert "in 3 images: 3 objects with the same class, 1 with another one, 0 only in A, 0 only in B" in said
    fields = json.loads((runs / "ab.json").read_text())
    assert {"a": "unknown", "b": "red", "objects": 1} in fields["classes"]
    assert [frame["class_differs"] for frame in fields["frames"]] == [0, 1, 0]
    assert [frame["agreement"] for frame in fields["frames"]] == [1, 0.5, 1]
    assert [frame["stamp"] for frame in fields["frames"]] == [5 * 10**9 + n * STEP for n in range(3)]
    assert fields["figures"]["agreement"] == pytest.approx(0.75)


def test_a_gate_fails_below_its_bound_and_images_of_one_alone_are_left_out(runs: Path):
    code, said = compared(runs, "a", "b", "--at-least", 0.8)
    assert (code, "osis: the agreement is 0.750, expected at least 0.8" in said) == (1, True)
    assert compared(runs, "a", "b", "--at-least", 0.75)[0] == 0
    code, said = compared(runs, "a", "c", "--at-least", 1)
    assert (code, "agreement 1.000 in 2 images" in said) == (0, True)
    assert "1 images are only in A, 0 only in B" in (runs / "ac.html").read_text()


def test_what_cannot_be_compared_is_one_sentence(runs: Path, tmp_path: Path, colour_cells: Path):
    code, said = run("compare", runs / "a", runs / "bag")
    assert code == 1
    assert "bag has no summary.json of a replay that came to its end, expected a folder of `osis replay`" in said
    later = write_bag(tmp_path / "later", ("/cam/image", 77, rgb_message(ONE, header(0))))
    assert run(later, "--model", colour_cells, "--output", tmp_path / "other")[0] == 0
    code, said = run("compare", runs / "a", tmp_path / "other", "--output", tmp_path / "page.html")
    assert (code, "have no image in common: one is of bag, /cam/image, the other of later" in said) == (1, True)
    assert not (tmp_path / "page.html").exists()
    (tmp_path / "mine.html").write_text("mine")
    code, said = run("compare", runs / "a", runs / "b", "--output", tmp_path / "mine.html")
    assert (code, "mine.html exists and is not an earlier comparison" in said) == (1, True)


def test_models_of_one_graph_with_other_classes_are_told_apart_and_replays_of_earlier_releases_are_read(
    runs: Path, tmp_path: Path
):
    table = write_colour_table(tmp_path / "table")
    manifest = table.manifest.model_dump(
        mode="json", exclude={"format_version", "sha256", "class_table", "class_names"}
    )
    fewer = table.classes.without("blue")
    write_bundle(tmp_path / "fewer", table.model_file, manifest | {"class_names": fewer.names}, "", classes=fewer)
    for name in ("table", "fewer"):
        said = run(runs / "bag", "--model", tmp_path / name, "--output", tmp_path / f"of_{name}", "--first", 1)
        assert said[0] == 0, said
    command = ("compare", tmp_path / "of_table", tmp_path / "of_fewer", "--output", tmp_path / "page.html")
    code, said = run(*command, "--json", tmp_path / "fields.json")
    setup = json.loads((tmp_path / "fields.json").read_text())["setup"]
    assert setup["a"]["model_sha256"] == setup["b"]["model_sha256"]
    hashes = [setup[side]["bundle_sha256"] for side in "ab"]
    assert (code, f"bundle_sha256: {hashes[0]} in A, {hashes[1]} in B" in said, "model_sha256:" in said) == (
        0, True, False)  # fmt: skip
    summary = tmp_path / "of_table" / "summary.json"
    summary.write_text(summary.read_text().replace('"bundle_sha256"', '"of_no_release"'))
    code, said = run(*command)
    assert (code, "bundle_sha256" in said, "model: table in A, fewer in B" in said) == (0, False, True)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt install chromium")
def test_the_slider_the_keys_and_the_filter_work_in_a_browser(runs: Path):
    assert compared(runs, "a", "b")[0] == 0
    with Browser(runs / "ab.html") as page:
        caption = "document.getElementById('caption').textContent"
        assert page.run(caption) == "0.10 s · A: unknown 0.80 · B: red 0.80"  # the worst comes first
        assert page.run("Promise.all([...document.images].map(image => image.decode())).then("
                        "() => [...document.images].map(image => image.naturalWidth))") == [224, 224]  # fmt: skip
        assert page.run("document.querySelectorAll('#marks-a rect').length") == 1
        clip = "getComputedStyle(document.getElementById('image-a')).clipPath"
        before = page.run(clip)
        page.run("document.getElementById('split').value = 20,"
                 "document.getElementById('split').dispatchEvent(new Event('input'))")  # fmt: skip
        assert page.run(clip) != before
        page.press("n")
        assert page.run(caption) == "0.00 s · A: nothing else · B: nothing else"
        page.run("document.getElementById('filter').value = 'differ',"
                 "document.getElementById('filter').dispatchEvent(new Event('change'))")  # fmt: skip
        assert page.run(caption).startswith("0.10 s")
        assert page.run("[...document.querySelectorAll('#frames tbody tr')].filter(row => !row.hidden).length") == 1
        assert page.run("document.querySelector('.chart path').getTotalLength()") > 900
        assert page.errors == []


@pytest.fixture(scope="module")
def page_of_two(tmp_path_factory: pytest.TempPathFactory, colour_cells: Path) -> Path:
    """The page of two cameras; the truth of the left one lacks something in the second of three images."""
    folder = tmp_path_factory.mktemp("two")
    segmenter, recorded = Segmenter(colour_cells), []
    for n, (pixels, true) in enumerate(((ONE, ONE), (TWO, ONE), (TWO, TWO))):
        message = rgb_message(pixels, header(n))
        truth = instances_to_message(segmenter.segment(true), message.header, "truth")
        recorded += [("/left/image", n, message), ("/left/ground_truth", n, truth), ("/right/image", n, message)]
    bag = write_bag(folder / "bag", *recorded)
    cameras = ("--image-topic", "/left/image", "--image-topic", "/right/image")
    code, said = run(bag, "--model", colour_cells, "--output", folder / "out", *cameras)
    assert code == 0, said
    return folder / "out" / "report.html"


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt install chromium")
@pytest.mark.parametrize(("width", "dark"), [(390, True), (1100, False)])
def test_the_page_of_a_replay_works_on_a_phone_and_on_a_desktop_dark_and_light(
    page_of_two: Path, width: int, dark: bool
):
    with Browser(page_of_two, width=width, dark=dark) as page:
        assert page.run("Promise.all([...document.images].map(image => image.decode())).then(() => true)")
        assert page.run("document.images.length") == 6
        drawn = page.run("[...document.querySelectorAll('.chart')].map(c => c.querySelectorAll('path, rect').length)")
        assert min(drawn) >= 1
        assert page.run("document.querySelector('[aria-label=\"Precision over recall\"] path').getTotalLength()") > 500
        assert page.run("document.documentElement.scrollWidth <= innerWidth")
        assert (page.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)") != dark
        rows = "[...document.querySelectorAll('#left-frames tbody tr')].filter(row => !row.hidden).length"
        assert page.run(rows) == 3
        page.run("document.querySelector('select').value = 'false',"
                 "document.querySelector('select').dispatchEvent(new Event('change'))")  # fmt: skip
        assert page.run(rows) == 1
        assert page.run("document.querySelector('[role=status]').textContent") == "1 image"
        page.run("document.querySelector('#left-frames tr:not([hidden]) a').click()")
        assert page.run("document.querySelector('figure:target').id") == "left-image1"
        missing = "[...document.querySelectorAll('a')].filter(a => !document.querySelector(a.getAttribute('href')))"
        assert page.run(f"{missing}.length") == 0
        assert page.errors == []
