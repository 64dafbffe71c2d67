"""A gallery on disk: whole or not at all, and never of another model."""

import errno
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from colour_model import colour_bundle
from coloured_things import BLUE, GREEN, RED, picture

from osis_ros.inference.bundle import Bundle
from osis_ros.inference.segmenter import Segmenter
from osis_ros.teaching import gallery_folder
from osis_ros.teaching.again import embedded_again
from osis_ros.teaching.errors import GalleryError
from osis_ros.teaching.gallery import Gallery
from osis_ros.teaching.gallery_folder import forget_name, read_gallery, write_name
from osis_ros.teaching.lesson import lesson


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return colour_bundle(tmp_path_factory.mktemp("models") / "colour")


@pytest.fixture
def gallery(bundle: Bundle) -> Gallery:
    made = Gallery.empty(bundle)
    rgb, found = picture(("disc", RED, 5, 5, 40), ("disc", BLUE, 60, 5, 40), ("square", GREEN, 60, 60, 40))
    for index, name in enumerate(("ball", "blue ball")):
        made = made.with_views(name, *lesson(rgb, found, index, "a.png"))
    return made


@pytest.fixture
def folder(tmp_path: Path, gallery: Gallery) -> Path:
    for name in gallery.names:
        write_name(tmp_path / "gallery", gallery, name)
    return tmp_path / "gallery"


def state(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def test_what_is_written_is_read_again(folder: Path, gallery: Gallery, bundle: Bundle):
    again = read_gallery(folder, bundle)
    assert again.names == gallery.names
    assert again.separations == gallery.separations
    for one, other in zip(again.taught, gallery.taught, strict=True):
        for view, wanted in zip((*one.views, *one.others), (*other.views, *other.others), strict=True):
            assert (view.label, view.place) == (wanted.label, wanted.place)
            for part in ("rgb", "mask", "vector"):
                np.testing.assert_array_equal(getattr(view, part), getattr(wanted, part))


def test_a_folder_that_is_not_there_yet_is_an_empty_gallery(tmp_path: Path, bundle: Bundle):
    assert read_gallery(tmp_path / "new", bundle).taught == ()


def test_writing_again_changes_nothing_and_leaves_no_file_behind(folder: Path, gallery: Gallery, bundle: Bundle):
    before = state(folder)
    write_name(folder, read_gallery(folder, bundle), "ball")
    assert state(folder) == before
    write_name(folder, gallery.with_views("ball", gallery["ball"].views * 2), "ball")
    entry = json.loads((folder / "ball" / "name.json").read_text())
    named = {entry["vectors"], *(view["file"] for view in entry["views"] + entry["others"]), "name.json"}
    assert {file.name for file in (folder / "ball").iterdir()} == named


def test_galleries_are_merged_by_copying_folders(folder: Path, gallery: Gallery, bundle: Bundle, tmp_path: Path):
    write_name(tmp_path / "other", gallery, "ball")
    shutil.copytree(folder / "blue ball", tmp_path / "other" / "blue ball")
    assert read_gallery(tmp_path / "other", bundle).names == ("ball", "blue ball")


def test_forgetting_deletes_what_a_gallery_wrote_and_nothing_else(folder: Path, bundle: Bundle):
    (folder / "ball" / "notes.txt").write_text("mine")
    forget_name(folder, "ball")
    forget_name(folder, "blue ball")
    assert state(folder) == {"ball/notes.txt": b"mine"}
    assert read_gallery(folder, bundle).taught == ()


@pytest.mark.parametrize("file", ["name.json", "view-*.png", "other-*.png", "vectors-*.npz"])
def test_a_file_cut_short_or_missing_is_named(folder: Path, bundle: Bundle, file: str):
    path = next((folder / "ball").glob(file))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(GalleryError, match=path.name) as caught:
        read_gallery(folder, bundle)
    assert "\n" not in str(caught.value)
    if file != "name.json":  # without it, it is no name's folder
        path.unlink()
        with pytest.raises(GalleryError, match=path.name):
            read_gallery(folder, bundle)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("sha256", "f" * 64, "'ball' was taught with the model 'colour' .ffffffffffff….*run osis teach --again"),
        ("format_version", 2, "format_version is 2, expected 1"),
        ("appearance_version", 0, "appearance_version is 0, expected 2"),
        ("name", "bell", "name is 'bell', expected that of its folder, 'ball'"),
        ("vectors", "../../vectors.npz", "vectors: String should match pattern"),
        ("views", [], "views: List should have at least 1 item"),
    ],
)
def test_a_name_of_another_kind_is_refused(folder: Path, bundle: Bundle, field: str, value: object, sentence: str):
    file = folder / "ball" / "name.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {field: value}))
    with pytest.raises(GalleryError, match=sentence):
        read_gallery(folder, bundle)


def test_what_is_no_gallery_is_refused_and_kept(tmp_path: Path, gallery: Gallery, bundle: Bundle):
    (tmp_path / "file").write_text("")
    with pytest.raises(GalleryError, match="is a file, expected the folder of a gallery"):
        read_gallery(tmp_path / "file", bundle)
    (tmp_path / "ball").mkdir()
    (tmp_path / "ball" / "photo.png").write_text("mine")
    with pytest.raises(GalleryError, match=r"holds other files and no name\.json"):
        write_name(tmp_path, gallery, "ball")
    assert state(tmp_path / "ball") == {"photo.png": b"mine"}


@pytest.mark.parametrize("writes", range(4))
def test_a_full_disk_loses_nothing(folder: Path, gallery: Gallery, bundle: Bundle, writes: int, monkeypatch):
    """Each of the first writes fails in turn: of new crops, vectors, name.json."""
    rgb, found = picture(("disc", RED, 5, 5, 70), ("disc", GREEN, 90, 5, 40), noise=5)
    larger = gallery.with_views("ball", *lesson(rgb, found, 0, "b.png"))
    before, real, done = state(folder), gallery_folder.write_whole, []

    def full(path: Path, content: bytes | str) -> None:
        if len(done) == writes:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        done.append(path)
        real(path, content)

    monkeypatch.setattr(gallery_folder, "write_whole", full)
    with pytest.raises(GalleryError, match="cannot be written: No space left on device"):
        write_name(folder, larger, "ball")
    assert state(folder) == before


def test_a_new_name_on_a_full_disk_leaves_no_folder(tmp_path: Path, gallery: Gallery, monkeypatch):
    def full(path: Path, content: bytes | str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(gallery_folder, "write_whole", full)
    with pytest.raises(GalleryError, match="No space left"):
        write_name(tmp_path / "gallery", gallery, "ball")
    assert not (tmp_path / "gallery" / "ball").exists()


def test_another_model_embeds_the_crops_again(folder: Path, bundle: Bundle, tmp_path: Path):
    other = colour_bundle(tmp_path / "later", 64, 96)
    with pytest.raises(GalleryError, match="run osis teach --again"):
        read_gallery(folder, other)
    old = read_gallery(folder, other, of_any_model=True)
    anew, losses = embedded_again(old, Segmenter(other))
    assert losses == []
    assert anew.names == old.names
    assert anew.model.sha256 == other.manifest.sha256
    for name in anew.names:
        write_name(folder, anew, name)
    rgb, _ = picture(("disc", BLUE, 5, 5, 40), ("disc", RED, 60, 60, 40), noise=4)
    embedded = Segmenter(other).segment(rgb)
    assert sorted(read_gallery(folder, other).name(rgb, embedded).taught_names.tolist()) == ["ball", "blue ball"]
