"""A study as one self-contained HTML page, and its tables as LaTeX."""

import base64
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from osis_ros.files.atomic import write_whole
from osis_ros.training.study.config import StudyConfig
from osis_ros.training.study.figures import draw_curves, draw_map
from osis_ros.training.study.tables import tables_of
from osis_ros.training.study.work import finished, runs_of

TEMPLATE = Path(__file__).with_name("page.html.jinja")
PAGE_FILE, LATEX_FILE = "study.html", "tables.tex"


def write_page(study: StudyConfig, output: Path) -> Path:
    """Write `study.html` and `tables.tex` of the runs that are done. The path of the page."""
    done = finished(study, output)
    reports = [report for _, report in done]
    tables = tables_of(study, reports)
    first = {run.system: output / run.name for run, _ in reversed(done)}  # the first seed's folder of each
    shown = {name: first[name] for name in study.systems if name in first}
    maps = {name: _embedded(draw_map(folder / "embeddings.npz")) for name, folder in shown.items()}
    pictures = {
        name: [_embedded((folder / f"picture-{i}.jpg").read_bytes()) for i in range(study.pictures)
               if (folder / f"picture-{i}.jpg").is_file()]
        for name, folder in shown.items()
    }  # fmt: skip
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page = environment.from_string(TEMPLATE.read_text("utf-8")).render(
        study=study, tables=tables, maps=maps, pictures=pictures, runs=len(runs_of(study)), done=len(done),
        curves=_embedded(draw_curves(study, reports)), reports=reports, caution=_caution(reports),
    )  # fmt: skip
    write_whole(output / PAGE_FILE, page)
    write_whole(output / LATEX_FILE, "\n".join(table.latex() for table in tables))
    return output / PAGE_FILE


def _embedded(picture: bytes | None) -> str | None:
    return None if picture is None else base64.b64encode(picture).decode()


def _caution(reports: list[dict[str, Any]]) -> str:
    """What a reader must know before comparing rows."""
    seeds: dict[str, set[int]] = {}
    for report in reports:
        if report["samples"]:
            seeds.setdefault(report["system"], set()).add(report["seed"])
    if seeds and min(map(len, seeds.values())) < 2:
        return (
            "Some systems have one seed only. How far their figures would move with another seed is not known, so a "
            "difference between rows does not say which system leads."
        )
    return "± is the standard deviation over the seeds; a difference within it does not say which system leads."
