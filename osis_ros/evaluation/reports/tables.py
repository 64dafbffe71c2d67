"""SemSeg's Tables I–V from reports of `osis evaluate`: on the terminal, and as LaTeX with the best in bold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from rich.table import Table
from rich.text import Text

from osis_ros.coco.annotations import EvaluationError, read_json
from osis_ros.evaluation.metrics.coco_scores import UNDEFINED
from osis_ros.evaluation.reports.terminal import shown

T = TypeVar("T")


@dataclass(frozen=True)
class Figure:
    """One column: its head, its place in a report, and whether less is better."""

    plain: str
    latex: str
    place: tuple[str, ...]
    less_is_better: bool = False


AOSE = Figure("AOSE ↓", r"AOSE $\downarrow$", ("AOSE",), less_is_better=True)
AP_K = Figure("AP_k ↑", r"$AP_k \uparrow$", ("known", "AP"))
AP_UNK = Figure("AP_unk ↑", r"$AP_{unk} \uparrow$", ("unknown", "AP"))
AR_UNK = tuple(Figure(f"AR_unk^{n} ↑", rf"$AR_{{unk}}^{{{n}}} \uparrow$", ("unknown", f"AR{n}")) for n in (10, 30, 100))


@dataclass(frozen=True)
class Layout:
    """A table of the paper: what it shows on each data set, and the heads of the columns that name a row."""

    title: str
    data_sets: tuple[str, ...]
    figures: tuple[Figure, ...]
    labels: tuple[str, ...] = ("",)


GRASPNET_TESTS = tuple(f"GraspNet-Test-{n}" for n in range(1, 7))
LAYOUTS = {
    "I": Layout("Comparison on COCO-OSIS", ("COCO",), (AOSE, AP_K, *AR_UNK)),
    "II": Layout("Comparison on GraspNet-OSIS-T1", GRASPNET_TESTS[:3], (AOSE, AP_K, AP_UNK)),
    "III": Layout("Comparison on GraspNet-OSIS-T2", GRASPNET_TESTS[3:], (AOSE, AP_K, AP_UNK)),
    "IV": Layout("Mask quality, boxes and labels given", GRASPNET_TESTS[2::3], (AP_K, AP_UNK)),
    "V": Layout("Ablation", GRASPNET_TESTS[5:], (AOSE, AP_K, AP_UNK), ("embedding space", "modulation")),
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A method and its reports, one a data set. The label of Table V has two parts: `✓|✓`."""

    label: tuple[str, ...]
    reports: tuple[dict[str, Any], ...]


def row(layout: Layout, label: str, reports: Sequence[dict[str, Any]]) -> Row:
    """A row that fits the table.

    Raises:
        EvaluationError: too few or too many reports or parts of the label, or a report of another kind.
    """
    parts = tuple(part.strip() for part in label.split("|"))
    if len(parts) > len(layout.labels):
        raise EvaluationError(f"row '{label}' has {len(parts)} labels, this table has {len(layout.labels)}")
    if len(reports) != len(layout.data_sets):
        raise EvaluationError(f"row '{label}' has {len(reports)} reports, this table needs {len(layout.data_sets)}: "
                              f"{', '.join(layout.data_sets)}")  # fmt: skip
    for report in reports:
        for figure in layout.figures:
            figure_value(report, figure, label)
    return Row(parts + ("",) * (len(layout.labels) - len(parts)), tuple(reports))


def read_row(layout: Layout, text: str) -> Row:
    """A row from `NAME=REPORT.json,REPORT.json`. Raises EvaluationError."""
    label, equals, files = text.partition("=")
    if not equals or not files:
        raise EvaluationError(f"'{text}' is no row, expected NAME=REPORT.json[,REPORT.json…]")
    return row(layout, label, [read_json(Path(file.strip())) for file in files.split(",")])


def rich_table(layout: Layout, rows: Sequence[Row]) -> Table:
    """For the terminal, best figures in bold."""
    table = Table(*layout.labels, title=layout.title)
    for data_set in layout.data_sets:
        for figure in layout.figures:
            head = figure.plain if len(layout.data_sets) == 1 else f"{data_set}\n{figure.plain}"
            table.add_column(head, justify="right")
    for r, cells in zip(rows, _cells(layout, rows, lambda text: Text(text, "bold")), strict=True):
        table.add_row(*r.label, *cells)
    return table


def latex_table(layout: Layout, rows: Sequence[Row]) -> str:
    r"""A LaTeX `tabular` (needs no package but amssymb, for \checkmark)."""
    width, sets = len(layout.figures), len(layout.data_sets)
    names = [escaped(name) for name in layout.labels]
    lines = [rf"\begin{{tabular}}{{{'l' * len(names)}{('|' + 'c' * width) * sets}}}", r"\hline"]
    if sets > 1:
        heads = [rf"\multicolumn{{{width}}}{{c}}{{{escaped(data_set)}}}" for data_set in layout.data_sets]
        lines.append(" & ".join([*("" for _ in names), *heads]) + r" \\")
    lines.append(" & ".join([*names, *(f.latex for f in layout.figures * sets)]) + r" \\ \hline")
    lines += latex_rows(layout, rows)
    return "\n".join([*lines, r"\hline", r"\end{tabular}"]) + "\n"


def is_latex_table(path: Path) -> bool:
    """Whether a file is a table that `latex_table` made."""
    with path.open("rb") as file:
        return file.read(15) == rb"\begin{tabular}"


def latex_rows(layout: Layout, rows: Sequence[Row]) -> list[str]:
    """The body of the table alone, one line a method."""
    cells = _cells(layout, rows, lambda text: rf"\textbf{{{text}}}")
    return [
        " & ".join([*map(escaped, r.label), *c]).replace("–", "--") + r" \\" for r, c in zip(rows, cells, strict=True)
    ]


def _cells(layout: Layout, rows: Sequence[Row], bold: Callable[[str], T]) -> list[list[str | T]]:
    """What each row shows. The best of a column is bold among methods that find unknown objects at all: a closed-set
    reference does not compete, as in the paper."""
    cells: list[list[str | T]] = [[] for _ in rows]
    for index in range(len(layout.data_sets)):
        competing = [max(r.reports[index]["unknown"][f] for f in ("AP", "AR100")) > 0 for r in rows]
        for figure in layout.figures:
            values = [figure_value(r.reports[index], figure, r.label[0]) for r in rows]
            entered = [v for v, c in zip(values, competing, strict=True) if c and v != UNDEFINED]
            best = (min if figure.less_is_better else max)(entered) if len(entered) > 1 else None
            texts = [shown(v, 0 if figure is AOSE else 1) for v in values]
            shown_best = None if best is None else shown(best, 0 if figure is AOSE else 1)
            for cell, text, competes in zip(cells, texts, competing, strict=True):
                cell.append(bold(text) if competes and text == shown_best else text)
    return cells


def figure_value(report: dict[str, Any], figure: Figure, label: str) -> float:
    """A report's figure for a column. Raises EvaluationError, with the row's label, where it has none."""
    value: Any = report
    for key in figure.place:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, int | float):
        raise EvaluationError(f"row '{label}': a report has no {'.'.join(figure.place)}; it must come from "
                              "`osis evaluate --json` without --class-agnostic")  # fmt: skip
    return value


def escaped(text: str) -> str:
    """Text as LaTeX shows it."""
    return "".join(LATEX.get(character, character) for character in text)


LATEX = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "✓": r"\checkmark",
}  # fmt: skip
