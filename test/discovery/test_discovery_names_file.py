"""names.csv: what a person may write, and what each bad row is told."""

from pathlib import Path

import pytest

from osis_ros.discovery.names_file import NamesError, names_table, read_names


def read(folder: Path, text: str | bytes, clusters: int = 3) -> dict[int, str | None]:
    file = folder / "names.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_names(file, clusters)


def test_as_it_is_written_it_says_nothing_new(tmp_path: Path):
    table = names_table({2: 4, 1: 9})
    assert table == "cluster,things,name,merge,drop\n1,9,candidate_01,,\n2,4,candidate_02,,\n"
    assert read(tmp_path, table, 2) == {1: "candidate_01", 2: "candidate_02"}


def test_names_merges_and_drops(tmp_path: Path):
    text = (
        "cluster,things,name,merge,drop\n1,9,mug,,\n2,4,candidate_02,1,\n3,3,candidate_03,2,\n4,2,,,yes\n5,2,mug,,no\n"
    )
    assert read(tmp_path, text, 5) == {1: "mug", 2: "mug", 3: "mug", 4: None, 5: "mug"}


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffcluster;things;name;merge;drop\r\n1;9;Löffel, groß;;\r\n2;;;1;\r\n3;;;;X\r\n",  # a spreadsheet's
        'drop,Name,cluster,merge,note\n,"Löffel, groß",1,,the large one\n\n ,,2, 1 ,\nx,,3,,,\n',
    ],
)
def test_what_spreadsheets_make_of_it_is_read(text: str, tmp_path: Path):
    assert read(tmp_path, text) == {1: "Löffel, groß", 2: "Löffel, groß", 3: None}


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("7,mug,,", "cluster is '7', expected a number from 1 to 3"),
        ("one,mug,,", "cluster is 'one', expected a number from 1 to 3"),
        ("-1,mug,,", "cluster is '-1', expected a number from 1 to 3"),
        ("1,mug,,", "cluster 1 was already in line 2"),
        ("2,,,", "cluster 2 has no name; give it one, or put yes under drop"),
        ("2,mug,,maybe", "drop is 'maybe', expected yes, or nothing"),
        ("2,mug,1,yes", "cluster 2 is both merged and dropped, expected one of them"),
        ("2,,9,", "merge is '9', expected the number of another cluster"),
        ("2,,mug,", "merge is 'mug', expected the number of another cluster"),
        ("2,,2,", "cluster 2 is merged in a circle: 2, 2"),
        ("2,cup,1,", "cluster 2 is named 'cup' and merged into 1, named 'mug'; leave one of the two out"),
        ("2,a\tb,,", "name is 'a\\tb', expected at most 60 printable characters"),
        (f"2,{'x' * 61},,", "expected at most 60 printable characters"),
    ],
)
def test_a_bad_row_is_one_sentence_with_its_line(row: str, sentence: str, tmp_path: Path):
    with pytest.raises(NamesError) as told:
        read(tmp_path, f"cluster,name,merge,drop\n1,mug,,\n{row}\n3,pan,,\n")
    assert told.value.problems[0].startswith(f"{tmp_path / 'names.csv'} line 3: ")
    assert sentence in told.value.problems[0]
    assert len(told.value.problems) == 1


def test_every_bad_row_is_told(tmp_path: Path):
    with pytest.raises(NamesError) as told:
        read(tmp_path, "cluster,name,merge,drop\n1,,,\n2,mug,,maybe\n3,pan,,\n")
    assert [" line 2: " in told.value.problems[0], " line 3: " in told.value.problems[1]] == [True, True]


def test_merging_goes_round_in_no_circle_and_not_into_what_is_dropped(tmp_path: Path):
    with pytest.raises(NamesError, match=r"line 2: cluster 1 is merged in a circle: 1, 2, 1"):
        read(tmp_path, "cluster,name,merge,drop\n1,,2,\n2,,1,\n3,pan,,\n")
    with pytest.raises(NamesError, match=r"line 3: cluster 2 is merged into 1, which is dropped"):
        read(tmp_path, "cluster,name,merge,drop\n1,,,yes\n2,,1,\n3,pan,,\n")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1: no column cluster, expected cluster, things, name, merge, drop"),
        ("cluster,name,merge\n", "line 1: no column drop"),
        ("cluster,name,merge,drop\n1,mug,,\n3,pan,,\n", "has no row for cluster 2; to leave a cluster out"),
        ("cluster,name,merge,drop\n1,Löffel,,\n".encode("latin-1"), "is not UTF-8 text; save it as CSV UTF-8"),
        ('cluster,name,merge,drop\n1,"mug,,\n' + "x" * 200_000, "not CSV"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_one_sentence(text: str | bytes, sentence: str, tmp_path: Path):
    with pytest.raises(NamesError) as told:
        read(tmp_path, text)
    assert len(told.value.problems) == 1
    assert sentence in told.value.problems[0]


def test_a_missing_file_says_who_writes_it(tmp_path: Path):
    with pytest.raises(NamesError, match=r"names\.csv does not exist; osis discover writes it"):
        read_names(tmp_path / "names.csv", 1)
