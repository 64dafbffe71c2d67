"""What is taken for a bag, by its name alone."""

from pathlib import Path

import pytest

from osis_ros.bags.bag_path import is_bag


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["a_0.mcap"], True),
        (["a_0.db3.zstd"], True),
        (["metadata.yaml"], True),
        (["notes.txt"], False),
        (["a_0.mcap", "left.PNG"], False),  # a folder of pictures that also holds a recording
    ],
)
def test_a_folder_is_a_bag_if_it_holds_one_and_no_image(tmp_path: Path, files: list[str], expected: bool):
    for name in files:
        (tmp_path / name).touch()
    assert is_bag(tmp_path) is expected


@pytest.mark.parametrize("name", ["a.mcap", "a.db3", "a.mcap.zstd", "a.db3.zstd", "a.bag"])
def test_a_file_is_a_bag_by_its_ending(tmp_path: Path, name: str):
    (tmp_path / name).touch()
    assert is_bag(tmp_path / name)
    assert not is_bag(tmp_path / f"{name}.jpg")
