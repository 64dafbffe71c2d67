"""Where an output file may be written."""

import os

import pytest

from osis_ros.files.output_file import OutputError, require_output


def test_a_new_file_no_file_and_a_device_may_be_written(tmp_path):
    require_output(tmp_path / "new" / "deeper" / "report.json")
    require_output(None)
    require_output(type(tmp_path)("/dev/null"))


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path):
    (tmp_path / "notes").touch()
    with pytest.raises(OutputError, match=r"notes is a file, expected a folder to write report\.json to"):
        require_output(tmp_path / "notes" / "report.json")


def test_an_input_is_told_by_whatever_name_it_has(tmp_path):
    truth = tmp_path / "truth.json"
    truth.touch()
    (tmp_path / "link.json").symlink_to(truth)
    (tmp_path / "hard.json").hardlink_to(truth)
    for name in ("truth.json", "link.json", "hard.json", "../" + tmp_path.name + "/truth.json"):
        with pytest.raises(OutputError, match="is also an input or another output"):
            require_output(tmp_path / name, (truth,), is_earlier=lambda _: True)


@pytest.mark.skipif(os.geteuid() == 0, reason="no folder refuses root")
def test_a_place_without_permission_is_told_before_any_work(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written: permission denied"):
        require_output(tmp_path / "report.json")
