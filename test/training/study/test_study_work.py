"""A study trains, scores and shows every system once, goes on where it was stopped, and lays out what came out."""

import copy
import json
import shutil

import pytest
import torch
import yaml
from shapes import write_shapes
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.training.checkpoint import load_checkpoint
from osis_ros.training.config import ConfigError
from osis_ros.training.data import read_source
from osis_ros.training.study.config import load_study, training_of
from osis_ros.training.study.page import write_page
from osis_ros.training.study.tables import mean_and_deviation, tables_of
from osis_ros.training.study.threshold import known_distances, with_threshold
from osis_ros.training.study.work import finished, run_study, runs_of

TRAINING = {
    "name": "shapes",
    "model": {
        "preset": "tabletop", "class_names": ["square"], "channels": 16, "frozen_stages": 0,
        "proposals": {"train_top_k": 30, "test_top_k": 30},
        "roi": {"hidden": 24, "samples": 16}, "mask": {"channels": 8, "convs": 1, "embedding_dim": 8},
        "decision": {"score_threshold": 0.0},
    },
    "train": {"shapes": {"annotations": "a.json", "images": "."}},
    "augment": {"mode": "jitter", "size": [96, 128], "scale": [0.9, 1.1]},
    "optimiser": {"name": "adamw", "learning_rate": 0.001, "warmup_steps": 0, "schedule": "cosine"},
    "batch": 2, "workers": 0,
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with data, a training configuration and a study of it."""
    root = tmp_path_factory.mktemp("study")
    (root / "data").mkdir()
    write_shapes(root / "data", pictures=6, square=34, radius=20)
    (root / "training.yaml").write_text(yaml.safe_dump(TRAINING))
    write_study(root / "study.yaml", root)
    return root


def write_study(path, root, **changes):
    tree = {
        "name": "shapes", "train": str(root / "training.yaml"), "set": {"steps": 20}, "seeds": [0],
        "systems": {"oln-mask-proser": None, "semseg": None},
        "tests": {"shapes": {"ground_truth": "a.json", "images": ".", "known": ["square"], "first": 4}},
        "short_side": 96, "long_side": 128, "pictures": 1, "map_images": 3,
    }  # fmt: skip
    path.write_text(yaml.safe_dump({**tree, **changes}))
    return path


@pytest.fixture(scope="module")
def stopped(place):
    """A study that was stopped when its first run was done."""

    def stop_at_the_second(line: str) -> None:
        if line.startswith("2/2"):
            raise KeyboardInterrupt

    study, out = load_study(place / "study.yaml"), place / "out"
    with pytest.raises(KeyboardInterrupt):
        run_study(study, place / "data", out, stop_at_the_second, after_run=lambda: write_page(study, out))
    shutil.copy(out / "study.html", place / "page-when-stopped.html")
    return place


@pytest.fixture(scope="module")
def done(stopped):
    first = (stopped / "out" / "oln-mask-proser-0" / "report.json").stat().st_mtime_ns
    command = ["study", str(stopped / "study.yaml"), "--data", str(stopped / "data"), "--output", str(stopped / "out")]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    return stopped, first, result.output


def test_the_same_command_goes_on_where_it_was_stopped(done):
    place, first, said = done
    assert "1/2 oln-mask-proser-0: done" in said
    assert "2/2 semseg-0: 20 steps of training" in said
    assert (place / "out" / "oln-mask-proser-0" / "report.json").stat().st_mtime_ns == first


def test_the_page_shows_what_is_done_while_other_runs_are_still_to_come(stopped):
    assert "1 of 2 runs are done" in (stopped / "page-when-stopped.html").read_text()


def test_every_run_has_figures_a_curve_pictures_and_embeddings(done):
    place, _, _ = done
    reports = {run.system: report for run, report in finished(load_study(place / "study.yaml"), place / "out")}
    for name, report in reports.items():
        scores = report["scores"]["shapes"]
        assert scores["open_set"]["images"] == 4
        assert scores["open_set"]["objects"]["unknown"] == 4
        for figure in ("AOSE", "WI", "known", "unknown", "goss"):
            assert figure in scores["open_set"]
        assert scores["given_boxes"]["unknown"]["AR100"] >= 0
        assert report["samples"] == 40, name
        assert [step for step, _ in report["curve"]] == [19] if name == "semseg" else True
        assert (place / "out" / f"{name}-0" / "picture-0.jpg").is_file()
        assert (place / "out" / f"{name}-0" / "embeddings.npz").is_file()


def test_the_page_stands_alone_and_the_tables_are_latex(done):
    place, _, _ = done
    page = (place / "out" / "study.html").read_text()
    assert "2 of 2 runs are done" in page
    assert "Layout of Table IV" in page
    assert "Some systems have one seed only" in page
    assert 'src="data:image/jpeg;base64,' in page
    assert 'src="http' not in page
    latex = (place / "out" / "tables.tex").read_text()
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") == 5
    assert r"\checkmark & \checkmark" in latex


def test_proser_is_trained_in_two_parts_of_one_budget(place):
    first, second = training_of(load_study(place / "study.yaml"), "oln-mask-proser", 3)
    assert (first.steps, second.steps, first.seed) == (18, 2, 3)
    assert (first.model.classifier.placeholders, second.model.classifier.placeholders) == (0, 1)
    assert second.only == ("roi_head", "classifier")
    assert second.optimiser.learning_rate == pytest.approx(0.1 * first.optimiser.learning_rate)


def test_rows_are_means_over_seeds_with_their_deviation(done):
    place, _, _ = done
    study = load_study(place / "study.yaml")
    reports = [report for _, report in finished(study, place / "out")]
    second = copy.deepcopy(reports[1])
    reports[1]["scores"]["shapes"]["open_set"]["AOSE"], second["scores"]["shapes"]["open_set"]["AOSE"] = 10, 20
    table = tables_of(study, [*reports, second])[0]
    assert table.heads[:3] == ("system", "seeds", "AOSE ↓")
    assert table.rows[1][:3] == ("SemSeg", "2", "15 ± 7")
    assert mean_and_deviation([41.0, 42.0, 43.0], 1) == "42.0 ± 1.0"
    assert (mean_and_deviation([-100.0], 1), mean_and_deviation([5.0, -100.0], 1)) == ("–", "5.0")


def test_a_run_of_another_configuration_is_not_taken_for_this_one(done, tmp_path):
    place, _, _ = done
    changed = load_study(write_study(tmp_path / "study.yaml", place, set={"steps": 21}))
    with pytest.raises(
        ConfigError, match=r"oln-mask-proser-0 holds a run of another configuration, .*parts\.\d\.steps"
    ):
        run_study(changed, place / "data", place / "out", lambda _: None)


def test_a_run_of_a_release_that_did_not_have_an_entry_yet_goes_on(done):
    place, _, _ = done
    file = place / "out" / "semseg-0" / "run.json"
    settings = json.loads(file.read_text())
    assert settings.pop("stay_known", "absent") is None
    file.write_text(json.dumps(settings))
    assert len(finished(load_study(place / "study.yaml"), place / "out")) == 2


def test_a_folder_of_something_else_is_left_alone(place, tmp_path):
    (tmp_path / "letter.txt").touch()
    with pytest.raises(ConfigError, match="is no folder of an osis study"):
        run_study(load_study(place / "study.yaml"), place / "data", tmp_path, lambda _: None)


def test_weights_of_a_file_are_a_row_too(done, tmp_path):
    place, _, _ = done
    shutil.copy(place / "out" / "semseg-0" / "training" / "last.ckpt", place / "data" / "given.ckpt")
    study = load_study(write_study(tmp_path / "study.yaml", place, systems={"given": {"checkpoint": "given.ckpt"}}))
    run_study(study, place / "data", tmp_path / "out", lambda _: None)
    ((_, report),) = finished(study, tmp_path / "out")
    own = json.loads((place / "out" / "semseg-0" / "report.json").read_text())
    assert report["scores"] == own["scores"]


def test_a_share_of_the_known_training_objects_stays_known(done, tmp_path):
    place, _, _ = done
    trained = place / "out" / "semseg-0" / "training" / "last.ckpt"
    study = load_study(write_study(tmp_path / "study.yaml", place, stay_known=0.5))
    training = training_of(study, "semseg", 0)[0]
    tuned = with_threshold(trained, study, training, place / "data", tmp_path / "tuned.safetensors")
    model = load_checkpoint(tuned)[0]
    records = read_source(training.train["shapes"], place / "data", ("square",))
    distances = known_distances(load_checkpoint(trained)[0], records, 96, 128)
    assert len(distances) == 6
    assert (distances <= model.config.decision.unknown_threshold).sum() == 3
    proser = place / "out" / "oln-mask-proser-0" / "fine-tuning" / "last.ckpt"
    assert with_threshold(proser, study, training, place / "data", tmp_path / "none.safetensors") == proser


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"systems": {"x": {"system": "yolo"}}}, r"systems\.x\.system is 'yolo', expected one of mask-rcnn"),
        ({"systems": {"x": {"checkpoint": "w", "set": {"steps": 1}}}}, "of no effect on a checkpoint"),
        ({"set": {"seed": 3}}, "seed is given by the study itself"),
        ({"seeds": [1, 1]}, "seeds: .*1 more than once"),
        ({"systems": {"semseg": {"seeds": [2, 2]}}}, r"systems\.semseg\.seeds: .*2 more than once"),
        ({"systems": {"x": {"checkpoint": "w", "seeds": [1]}}}, "of no effect on a checkpoint"),
        ({"seed": [1]}, "seed: Extra inputs"),
    ],
)
def test_a_study_that_makes_no_sense_is_refused_in_a_sentence(changes, sentence, place, tmp_path):
    with pytest.raises(ConfigError, match=sentence):
        load_study(write_study(tmp_path / "study.yaml", place, **changes))


@pytest.mark.parametrize(
    ("name", "rows", "steps", "source"),
    [
        ("tabletop", 8, 3000, "scenes"),
        ("tabletop-small", 8, 3000, "scenes"),
        ("paper-coco", 4, 128_000, "coco"),
        ("paper-graspnet", 8, 128_000, "graspnet"),
    ],
)
def test_the_studies_of_the_package_are_whole(name, rows, steps, source):
    study = load_study(name)
    trained = [training_of(study, system, 0) for system in study.systems]
    assert len(trained) == rows
    for parts in trained:
        assert sum(part.steps for part in parts) == steps
        assert list(parts[0].train) == [source]


def test_a_study_that_does_not_exist_is_answered_with_those_that_do():
    with pytest.raises(ConfigError, match="studies: paper-coco, paper-graspnet, tabletop, tabletop-small"):
        load_study("moon")


def test_every_row_has_its_first_seed_before_any_has_its_second_and_some_have_no_more(place, tmp_path):
    systems = {"given": {"checkpoint": "a.ckpt"}, "mask-rcnn": {"seeds": [7]}, "semseg": None}
    study = load_study(write_study(tmp_path / "study.yaml", place, seeds=[0, 1, 2], systems=systems))
    assert [run.name for run in runs_of(study)] == ["given-0", "mask-rcnn-7", "semseg-0", "semseg-1", "semseg-2"]


def test_all_systems_start_from_the_same_parts_of_given_weights(done, tmp_path):
    """The network is trained on for one step at next to no rate; what did not start from the file is new."""
    place, _, _ = done
    shutil.copy(place / "out" / "semseg-0" / "training" / "last.ckpt", place / "data" / "start.ckpt")
    changes = {"steps": 1, "optimiser.learning_rate": 1e-12, "optimiser.weight_decay": 0.0}
    study = load_study(write_study(
        tmp_path / "study.yaml", place, init="start.ckpt", set=changes, systems={"mask-rcnn": None},
    ))  # fmt: skip
    run_study(study, place / "data", tmp_path / "out", lambda _: None)
    start = load_checkpoint(place / "data" / "start.ckpt")[0].state_dict()
    now = load_checkpoint(tmp_path / "out" / "mask-rcnn-0" / "training" / "last.ckpt")[0].state_dict()
    for name in ("backbone.stages.3.0.0.0.weight", "fpn.lateral.1.weight", "proposals.conv.weight"):
        name = next(n for n in now if n.startswith(name.rpartition(".")[0][:12]))
        same = torch.allclose(start[name], now[name], atol=1e-6)
        assert same == name.startswith(("backbone", "fpn")), name


def test_missing_test_data_is_named_before_any_training(place, tmp_path):
    tests = {"gone": {"ground_truth": "gone.json", "images": "."}}
    study = load_study(write_study(tmp_path / "study.yaml", place, tests=tests))
    with pytest.raises(ConfigError, match=r"not found: tests\.gone\.ground_truth: .*gone\.json"):
        run_study(study, place / "data", tmp_path / "out", lambda _: None)
