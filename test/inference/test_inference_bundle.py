"""A bundle loads, or one sentence says which file, which field, which value, and what was expected."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from colour_model import colour_bundle

from osis_ros.inference.bundle import BundleError, find_bundle, load_bundle, write_bundle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return colour_bundle(tmp_path / "colour").path


def edit(folder: Path, **changes: object) -> None:
    """Replace fields of model.yaml; `None` removes one, `a__b` goes into a mapping."""
    file = folder / "model.yaml"
    fields = yaml.safe_load(file.read_text())
    for name, value in changes.items():
        *parents, leaf = name.split("__")
        place = fields
        for parent in parents:
            place = place[parent]
        place.pop(leaf) if value is None else place.update({leaf: value})
    file.write_text(yaml.safe_dump(fields))


def sentence(folder: Path) -> str:
    with pytest.raises(BundleError) as error:
        load_bundle(folder)
    message = str(error.value)
    assert "\n" not in message
    assert "Traceback" not in message
    return message


def test_what_was_written_is_read_back(folder):
    bundle = load_bundle(folder)
    assert bundle.name == "colour"
    assert bundle.class_names == ("red", "green")
    assert (bundle.manifest.input_height, bundle.manifest.input_width) == (96, 128)
    assert bundle.manifest.thresholds.unknown == 0.085
    assert bundle.manifest.provenance.date.isoformat() == "2026-11-20"


def test_the_hash_of_a_bundle_is_of_what_decides_its_answers(folder):
    before = load_bundle(folder)
    edit(folder, provenance__steps=7)
    assert load_bundle(folder).sha256 == before.sha256
    edit(folder, thresholds__unknown=0.1)
    assert load_bundle(folder).sha256 != before.sha256
    assert load_bundle(folder).manifest.sha256 == before.manifest.sha256


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"input_height": 0}, "model.yaml: input_height is 0, expected 32..4096 and a multiple of 32"),
        ({"input_width": 100}, "model.yaml: input_width is 100, expected 32..4096 and a multiple of 32"),
        ({"input_width": 8192}, "model.yaml: input_width is 8192, expected 32..4096 and a multiple of 32"),
        ({"input_height": "96"}, "model.yaml: input_height is '96', expected 32..4096"),
        ({"embedding_dim": 1.5}, "model.yaml: embedding_dim is 1.5, expected 1..4096"),
        ({"class_names": []}, "model.yaml: class_names is [], expected a list of distinct names"),
        ({"class_names": ["a", "a"]}, "model.yaml: class_names is ['a', 'a'], expected a list of distinct names"),
        ({"class_names": ["a", "unknown"]}, "none of them 'unknown'"),
        ({"class_names": "red"}, "model.yaml: class_names is 'red', expected a list of distinct names"),
        ({"class_names": ["red", 3]}, "model.yaml: class_names.1 is 3, expected a list of distinct names"),
        ({"sha256": "abc"}, "model.yaml: sha256 is 'abc', expected the 64 lower-case hex digits"),
        ({"thresholds__score": 1.5}, "model.yaml: thresholds.score is 1.5, expected the lowest score kept, 0..1"),
        ({"thresholds__unknown": float("nan")}, "model.yaml: thresholds.unknown is nan, expected T_u"),
        ({"thresholds__max_instances": True}, "model.yaml: thresholds.max_instances is True, expected the most"),
        ({"thresholds__nms_iou": None}, "model.yaml: thresholds.nms_iou is missing, expected the box IoU"),
        ({"thresholds": 3}, "model.yaml: thresholds is 3, expected score, unknown, nms_iou and max_instances"),
        ({"provenance__date": "soon"}, "model.yaml: provenance.date is 'soon', expected the day of the export"),
        ({"provenance__metrics": [{"name": "AP"}]}, "model.yaml: provenance.metrics.0.value is missing, expected a"),
        ({"padding": [0, 0]}, "model.yaml: padding.2 is missing, expected red, green and blue"),
        ({"class_name": ["x"]}, "model.yaml: class_name is not a field of format version 2"),
        ({"format_version": 3}, "model.yaml: format_version is 3, expected 2"),
        ({"format_version": "one"}, "model.yaml: format_version is 'one', expected 2"),
        ({"format_version": None}, "model.yaml: format_version is missing, expected 2"),
        ({"unknown_by": "entropy"}, "model.yaml: unknown_by is 'entropy', expected the measure that T_u is"),
        ({"float16": "yes"}, "model.yaml: float16 is 'yes', expected true or false: whether TensorRT"),
        ({"second_look": 1}, "model.yaml: second_look is 1, expected true or false: whether classes"),
        (
            {"unknown_by": "odds", "thresholds__unknown": 1.5},
            "model.yaml: thresholds.unknown is 1.5, expected 0..1: this model's T_u bounds a probability",
        ),
    ],
)
def test_a_bad_field_is_named_with_its_value_and_what_was_expected(folder, changes, expected):
    edit(folder, **changes)
    message = sentence(folder)
    assert expected in message
    assert str(folder / "model.yaml") in message


@pytest.mark.parametrize(
    ("config", "measure", "second_look"),
    [
        ("colour", "distance", False),  # by name alone: the paper's
        ({"model": {"decision": {"unknown_by": "odds"}, "second_look": {"share": 0.5}}}, "odds", True),
        ({"model": {"decision": {"unknown_by": "probability"}, "second_look": None}}, "probability", False),
        ({"model": {"decision": {"unknown_by": "luck"}}}, "distance", False),
        ({"model": ["no mapping"]}, "distance", False),
    ],
)
def test_a_bundle_of_format_1_says_in_its_configuration_what_is_bounded(folder, config, measure, second_look):
    edit(folder, format_version=1, provenance__config=config)
    fields = yaml.safe_load((folder / "model.yaml").read_text())
    for name in ("unknown_by", "second_look", "float16"):  # which format 1 did not have
        del fields[name]
    (folder / "model.yaml").write_text(yaml.safe_dump(fields))
    manifest = load_bundle(folder).manifest
    assert (manifest.unknown_by, manifest.second_look, manifest.float16) == (measure, second_look, False)
    assert manifest.highest_unknown == (2 if measure == "distance" else 1)
    assert manifest.format_version == 2


def test_an_unknown_name_is_told_beside_the_names_of_the_installed_models(tmp_path, monkeypatch):
    share = tmp_path / "install" / "share" / "osis_ros" / "models" / "zebra"
    share.mkdir(parents=True)
    (share / "model.yaml").touch()
    (share.parent / "no_model").mkdir()
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path / "install"))
    with pytest.raises(BundleError, match=r"model bundle 'nonesuch' does not exist in .*installed model") as error:
        load_bundle("nonesuch")
    assert str(error.value).endswith("tabletop, zebra)")
    assert "no_model" not in str(error.value)
    with pytest.raises(BundleError, match=r"model bundle '.*/gone' does not exist"):
        load_bundle(tmp_path / "gone")


@pytest.mark.parametrize("path", ["~nobody-of-this-name/model", "m" * 300])
def test_a_path_that_cannot_be_followed_is_one_sentence(path):
    with pytest.raises(BundleError, match="cannot be reached: "):
        find_bundle(path)


def test_the_current_folder_is_written_and_written_again(folder, tmp_path, monkeypatch):
    manifest = load_bundle(folder).manifest.model_dump(mode="json")
    here = tmp_path / "here"
    here.mkdir()
    for _ in range(2):
        monkeypatch.chdir(here)
        assert write_bundle(".", folder / "model.onnx", manifest, "").name == "here"
        assert sorted(str(file.relative_to(here)) for file in here.rglob("*")) == [
            "README.md", "model.onnx", "model.yaml",
        ]  # fmt: skip


def test_a_bare_name_is_found_in_an_installed_share(tmp_path, monkeypatch):
    bundle = colour_bundle(tmp_path / "install" / "share" / "osis_ros" / "models" / "primary")
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{tmp_path / 'other'}:{tmp_path / 'install'}")
    assert find_bundle("primary") == bundle.path.resolve()


def test_a_bare_name_is_found_where_pip_installs_for_the_user_alone(tmp_path):
    bundle = colour_bundle(tmp_path / "share" / "osis_ros" / "models" / "primary")
    program = "from osis_ros.inference.bundle import find_bundle; print(find_bundle('primary'))"
    found = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | {"PYTHONUSERBASE": str(tmp_path), "AMENT_PREFIX_PATH": ""},
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert found.stdout.strip() == str(bundle.path.resolve())


def test_a_folder_without_a_model_hides_none_that_came_with_the_package(tmp_path, monkeypatch):
    """`osis train` leaves runs/NAME, and NAME may be that of a shipped model."""
    bundle = colour_bundle(tmp_path / "install" / "share" / "osis_ros" / "models" / "primary")
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path / "install"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "primary").mkdir()
    assert find_bundle("primary") == bundle.path.resolve()
    (tmp_path / "mine").mkdir()
    assert find_bundle("mine") == tmp_path / "mine"  # to be told what it lacks


def test_a_file_in_the_place_of_the_folder_is_refused(folder):
    with pytest.raises(BundleError, match=r"model.onnx is a file, expected a bundle's folder"):
        load_bundle(folder / "model.onnx")


def test_a_missing_manifest_and_a_missing_graph_are_named(folder):
    (folder / "model.onnx").unlink()
    assert sentence(folder).startswith("model.onnx is missing")
    (folder / "model.yaml").unlink()
    assert sentence(folder).startswith("model.yaml is missing")


def test_a_truncated_graph_is_told_by_its_hash(folder):
    data = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(data[: len(data) // 2])
    assert "truncated, damaged or of another export" in sentence(folder)


def test_a_graph_of_another_export_is_told_by_its_hash(folder):
    edit(folder, sha256="0" * 64)
    assert "model.yaml expects 000000000000…" in sentence(folder)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"a: [1, 2", "model.yaml is not valid YAML at line 1"),
        (b"- a\n- b\n", "model.yaml holds ['a', 'b'], expected a mapping of fields"),
        (b"", "model.yaml holds None, expected a mapping of fields"),
        (b"\xff\xfe\x00", "model.yaml is not UTF-8 text"),
        (b"x: !!python/object/apply:os.system ['true']", "model.yaml is not valid YAML"),
        (b"date: 2026-13-01", "model.yaml is not valid YAML: month must be in 1..12"),
        (b"[" * 3000, "model.yaml is not valid YAML: "),
    ],
)
def test_what_is_no_yaml_mapping_is_refused(folder, text, expected):
    (folder / "model.yaml").write_bytes(text)
    assert expected in sentence(folder)


def test_writing_again_replaces_the_graph_and_keeps_other_files(folder):
    (folder / "weights.safetensors").write_bytes(b"kept")
    first = load_bundle(folder).manifest.sha256
    second = colour_bundle(folder, height=64).manifest
    assert second.input_height == 64
    assert second.sha256 != first
    assert (folder / "weights.safetensors").read_bytes() == b"kept"
    assert {file.name for file in folder.parent.iterdir()} == {"colour", "colour.onnx"}


def test_a_bundle_that_cannot_be_replaced_stays(folder, monkeypatch):
    before = load_bundle(folder).manifest
    rename = Path.rename

    def refuse_the_new_one(path: Path, target: Path) -> Path:
        if path.name == "bundle":
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse_the_new_one)
    with pytest.raises(PermissionError):
        colour_bundle(folder, height=64)
    assert load_bundle(folder).manifest == before


def test_a_folder_with_other_things_is_never_overwritten(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("mine")
    with pytest.raises(BundleError, match=r"holds other files and no model.yaml"):
        colour_bundle(tmp_path / "home")
    assert (tmp_path / "home" / "thesis.tex").read_text() == "mine"


def test_a_manifest_that_would_not_load_is_never_written(tmp_path, folder):
    with pytest.raises(BundleError, match="input_height is 33"):
        write_bundle(tmp_path / "new", folder / "model.onnx", {"input_height": 33, "class_names": ["a"]}, "")
    assert not (tmp_path / "new").exists()


def test_a_folder_with_another_tools_model_yaml_is_never_overwritten(tmp_path, folder):
    other = tmp_path / "detector"
    other.mkdir()
    (other / "model.yaml").write_text("backbone: resnet\nclasses: [cup]\n")
    (other / "README.md").write_text("notes of months")
    with pytest.raises(BundleError, match=r"holds other files and no model\.yaml of a bundle"):
        write_bundle(other, folder / "model.onnx", {}, "card")
    assert (other / "README.md").read_text() == "notes of months"


def test_a_link_in_a_bundle_is_replaced_and_what_it_leads_to_stays(tmp_path, folder):
    store = tmp_path / "store.onnx"
    graph = (folder / "model.onnx").rename(store).read_bytes()
    (folder / "model.onnx").symlink_to(store)
    (folder / "weights.safetensors").symlink_to(tmp_path / "gone")
    (tmp_path / "new").write_bytes(b"another graph")
    fields = load_bundle(folder).manifest.model_dump(mode="json", exclude={"sha256", "format_version"})
    write_bundle(folder, tmp_path / "new", fields, "card")
    assert store.read_bytes() == graph
    assert (folder / "model.onnx").read_bytes() == b"another graph"
    assert (folder / "weights.safetensors").is_symlink()


def test_a_yaml_bomb_is_refused_at_once(folder):
    """600 bytes whose aliases unroll to a billion names."""
    manifest = folder / "model.yaml"
    bomb = "a1: &a1 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(2, 10)
    )
    manifest.write_text(bomb + "provenance: *a9\n" + manifest.read_text())
    assert "model.yaml is not valid YAML at line 2, column 10: aliases (*name) are not allowed" in sentence(folder)
