"""Which names can be taught."""

import pytest

from osis_ros.teaching.errors import TeachError
from osis_ros.teaching.names import checked_name


@pytest.mark.parametrize("name", ["red mug", "part-7_b", "Tasse für Öl", "工具", "v1.2"])
def test_a_plain_name_is_taken(name: str):
    assert checked_name(name, ("cup",)) == name


def test_accents_are_composed_so_that_a_name_is_one_name():
    assert checked_name("Cafe\u0301", ()) == "Caf\u00e9"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "the name is empty"),
        ("  ", "the name is empty"),
        ("../up", "has the character '/'"),
        ("a\nb", r"has the character '\\n'"),
        ("a\0b", r"has the character '\\x00'"),
        ("mug*", "has the character '\\*'"),
        (".hidden", "begins or ends with"),
        ("mug ", "begins or ends with"),
        ("mug.", "begins or ends with"),
        ("m" * 65, "has 65 characters, expected at most 64"),
        ("Con", "cannot be the name of a folder"),
        ("cup", "is a class that the model knows already"),
        ("Cup", "is a class that the model knows already"),
        ("Unknown", "is what objects of no class are called"),
        ("RED mug", "differs from the taught name 'red mug' by case alone"),
    ],
)
def test_another_is_refused_in_one_sentence(name: str, sentence: str):
    with pytest.raises(TeachError, match=sentence) as caught:
        checked_name(name, ("cup",), ("red mug",))
    assert "\n" not in str(caught.value)
