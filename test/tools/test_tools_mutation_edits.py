"""Which changes of a source are tried, and that each leaves all else as it was."""

from pathlib import Path

import mutation_edits
import pytest
from mutation_edits import edits


def mutants(source: str) -> list[str]:
    return [edit.of(source) for edit in edits(source)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", ["a <= b"]),
        ("a is not b", ["a is b"]),
        ("a not  in b", ["a in b"]),
        ("(a) + (b)", ["(a) - (b)"]),
        ("a and b", ["a or b"]),
        ("not a", ["(a)"]),
        ("x = True", ["x = False"]),
        ("x = 2", ["x = 3"]),
        ("x = 0.5", ["x = 1.0"]),
        ("x = 0.0", ["x = 1.0"]),
        ("x = 'bgr8'", ["x = 'bgr8X'"]),
        ("y = f(a, b)", ["y = f(b, a)"]),
        ("y = a, b", ["y = b, a"]),
        ("y = f(a, k=b)", ["y = f(a, )"]),
        ("y = f(k=a, l=b)", ["y = f( l=b)", "y = f(k=a, )"]),
        ("y = floor(a)", ["y = ceil(a)"]),
        ("y = cv2.INTER_AREA", ["y = cv2.INTER_LINEAR"]),
        ("y = a if b else c", ["y = a if (not (b)) else c"]),
        ("f(a)", ["pass"]),
        ("raise E", ["pass"]),
        ("def f(): return a", ["def f(): return None"]),
        ("for i in a: continue", ["for i in a: break"]),
        ("«» = a; x = 'é' + b".replace("«»", "é"), ["é = a; x = 'éX' + b", "é = a; x = 'é' - b"]),
        ("x = (a  # a comment with < in it\n     < b)", ["x = (a  # a comment with < in it\n     <= b)"]),
    ],
)
def test_what_is_changed(source, expected):
    assert mutants(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "def f(x: int | None = None) -> int | None: ...",
        "x: dict[str, 'a']",
        "'A docstring.'",
        "x = 'a sentence for the user'",
        "x = f'{a + b} pixels'",
        "import a",
        "from a import b",
        "@dataclass(frozen=True)\nclass A: ...",
        "def f(): return None",
        "log.info(a)",
        "y = max(a, b)",  # the same in the other order; `max` alone is changed
    ],
)
def test_what_is_left_as_it_is(source):
    assert [mutant for mutant in mutants(source) if "min(" not in mutant] == []


def test_every_mutant_is_python():
    found = mutants(Path(mutation_edits.__file__).read_text())
    assert len(found) > 50
    for mutant in found:
        compile(mutant, "mutant", "exec")
