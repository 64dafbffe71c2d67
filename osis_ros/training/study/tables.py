"""The figures of a study in the layout of the paper's Tables I–V: mean ± standard deviation over the seeds."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from osis_ros.evaluation.metrics.coco_scores import UNDEFINED
from osis_ros.evaluation.reports.tables import AOSE, AP_K, AP_UNK, AR_UNK, Figure, escaped, figure_value
from osis_ros.training.model.systems import ABLATION
from osis_ros.training.study.config import StudyConfig

WI = Figure("WI ↓", r"WI $\downarrow$", ("WI",), less_is_better=True)
GQ = Figure("GQ ↑", r"GQ $\uparrow$", ("goss", "GQ"))
MARKS = ("embedding space", "modulation")


@dataclass(frozen=True)
class Table:
    """One table: heads of the columns, in plain text and in LaTeX, and rows of plain text."""

    title: str
    heads: tuple[str, ...]
    latex_heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def latex(self) -> str:
        r"""As a `tabular`; needs amssymb for \checkmark."""
        lines = [rf"% {self.title}", rf"\begin{{tabular}}{{l{'c' * (len(self.heads) - 1)}}}", r"\hline"]
        lines += [" & ".join(self.latex_heads) + r" \\ \hline"]
        lines += [" & ".join(latex_cell(cell) for cell in row) + r" \\" for row in self.rows]
        return "\n".join([*lines, r"\hline", r"\end{tabular}"]) + "\n"


def latex_cell(text: str) -> str:
    """A cell as LaTeX shows it."""
    return escaped(text).replace("–", "--").replace("±", r"$\pm$")


def mean_and_deviation(values: Sequence[float], digits: int) -> str:
    """`41.3 ± 0.4`, with the sample's standard deviation; of one value the value alone; of undefined ones a dash."""
    defined = [value for value in values if value != UNDEFINED]
    if not defined:
        return "–"
    mean = f"{statistics.fmean(defined):.{digits}f}"
    return mean if len(defined) == 1 else f"{mean} ± {statistics.stdev(defined):.{digits}f}"


def tables_of(study: StudyConfig, reports: Sequence[dict[str, Any]]) -> list[Table]:
    """All tables that the finished runs fill.

    Args:
        reports: of the runs that are done, as `work.finished` gives them.
    """
    present = [name for name in study.systems if any(report["system"] == name for report in reports)]
    systems = [name for name in present if "|" not in study.title(name)]
    ablation = [name for name in present if study.system_of(name) in ABLATION]
    tests = tuple(study.tests)

    def table(title: str, figures: tuple[Figure, ...], kind: str, rows: list[str], marks: bool = False) -> Table:
        several = len(tests) > 1
        heads = [(f"{test} {f.plain}" if several else f.plain, f"{escaped(test)} {f.latex}" if several else f.latex)
                 for test in tests for f in figures]  # fmt: skip
        names = MARKS if marks else ("system",)
        body = []
        for name in rows:
            of_system = [report["scores"] for report in reports if report["system"] == name]
            values = [(f, [figure_value(scores[test][kind], f, name) for scores in of_system])
                      for test in tests for f in figures]  # fmt: skip
            cells = [mean_and_deviation(each, 0 if f is AOSE else 1) for f, each in values]
            label = _marks(study, name) if marks else (name if "|" in study.title(name) else study.title(name),)
            body.append((*label, str(len(of_system)), *cells))
        return Table(title, (*names, "seeds", *(plain for plain, _ in heads)),
                     (*names, "seeds", *(latex for _, latex in heads)), tuple(body))  # fmt: skip

    tables = [
        table("Layout of Table I", (AOSE, AP_K, *AR_UNK), "open_set", systems),
        table("Layout of Tables II and III", (AOSE, AP_K, AP_UNK), "open_set", systems),
        table("Wilderness Impact and GOSS quality", (WI, GQ), "open_set", present),
        table("Layout of Table IV: boxes and labels given", (AP_K, AP_UNK), "given_boxes", present),
        table("Layout of Table V: ablation", (AOSE, AP_K, AP_UNK), "open_set", ablation, marks=True),
    ]
    return [table for table in tables if table.rows]


def _marks(study: StudyConfig, name: str) -> tuple[str, str]:
    """Embedding space, modulation."""
    if study.system_of(name) == "semseg":
        return "✓", "✓"
    first, _, second = study.title(name).partition("|")
    return first, second
