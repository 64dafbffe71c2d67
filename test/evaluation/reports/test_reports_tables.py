"""The paper's Tables I–V from reports, and mask quality with given boxes."""

import json

import cv2
import numpy as np
import pytest
from rectangles import annotation, content, write
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.coco.annotations import EvaluationError, read_ground_truth
from osis_ros.evaluation.metrics.mask_quality import score_given_boxes
from osis_ros.evaluation.metrics.split import open_set_split
from osis_ros.evaluation.reports.tables import LAYOUTS, latex_rows, latex_table, row

CUP, BOWL, TOY, TOOL = 1, 3, 7, 9


def report(aose: int, ap_k: float, ap_unk: float, ar: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> dict:
    return {"AOSE": aose, "known": {"AP": ap_k},
            "unknown": {"AP": ap_unk, **dict(zip(("AR10", "AR30", "AR100"), ar, strict=True))}}  # fmt: skip


def test_table_one_is_the_papers_and_the_closed_set_reference_does_not_compete():
    layout = LAYOUTS["I"]
    rows = [
        row(layout, "Mask R-CNN", [report(3474, 34.9, 0)]),
        row(layout, "OLN-Mask + PROSER", [report(2604, 23.9, 1, (6.8, 7.9, 8.0))]),
        row(layout, "SemSeg", [report(2536, 30.1, 1, (11.7, 16.7, 19.0))]),
    ]
    assert latex_rows(layout, rows) == [
        r"Mask R-CNN & 3474 & 34.9 & 0.0 & 0.0 & 0.0 \\",
        r"OLN-Mask + PROSER & 2604 & 23.9 & 6.8 & 7.9 & 8.0 \\",
        r"SemSeg & \textbf{2536} & \textbf{30.1} & \textbf{11.7} & \textbf{16.7} & \textbf{19.0} \\",
    ]


def test_table_two_has_three_data_sets_of_three_figures():
    layout = LAYOUTS["II"]
    lines = latex_table(layout, [row(layout, "A_b", [report(n, n, n) for n in (1, 2, 3)])]).splitlines()
    assert lines[0] == r"\begin{tabular}{l|ccc|ccc|ccc}"
    assert lines[2].count(r"\multicolumn{3}{c}{GraspNet-Test-") == 3
    assert lines[3].count("AOSE") == 3
    assert lines[4] == r"A\_b & 1 & 1.0 & 1.0 & 2 & 2.0 & 2.0 & 3 & 3.0 & 3.0 \\"


def test_table_five_names_a_row_by_two_marks_and_undefined_is_a_dash():
    layout = LAYOUTS["V"]
    assert latex_rows(layout, [row(layout, "✓|", [report(7, 58.3, -100)])]) == [r"\checkmark &  & 7 & 58.3 & -- \\"]


def test_every_character_of_a_method_is_shown_by_latex():
    (line,) = latex_rows(LAYOUTS["V"], [row(LAYOUTS["V"], r"a\b ~50% ^2 $x$|", [report(7, 58.3, 1)])])
    assert line.startswith(r"a\textbackslash{}b \textasciitilde{}50\% \textasciicircum{}2 \$x\$ &")


def test_a_latex_file_of_the_users_is_kept(tmp_path):
    reports = write(tmp_path, "r.json", report(7, 58.3, 1))
    (tmp_path / "paper.tex").write_text("\\documentclass{article}")
    for other in ("paper.tex", "r.json"):
        before = (tmp_path / other).read_text()
        result = CliRunner().invoke(app, ["tables", "V", f"A|B={reports}", "--latex", str(tmp_path / other)])
        assert result.exit_code == 1
        assert "is not an earlier LaTeX table" in result.output.replace("\n", " ")
        assert (tmp_path / other).read_text() == before


def test_the_command_reads_reports_and_writes_latex(tmp_path):
    good, better = (write(tmp_path, f"{n}.json", report(n, n, n)) for n in (5, 9))
    rows = [f"PROSER={good},{good}", f"SemSeg={better},{good}"]
    result = CliRunner().invoke(app, ["tables", "IV", *rows, "--latex", str(tmp_path / "t.tex")])
    assert result.exit_code == 0, result.output
    assert "SemSeg" in result.output
    assert r"SemSeg & \textbf{9.0} & \textbf{9.0} & \textbf{5.0} & \textbf{5.0} \\" in (tmp_path / "t.tex").read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["VI", "A=x.json"], "there is no table 'VI', expected I, II, III, IV, V"),
        (["I", "A"], "'A' is no row, expected NAME=REPORT.json"),
        (["I", "A=absent.json"], "absent.json: no such file"),
        (["II", "A={report}"], "row 'A' has 1 reports, this table needs 3: GraspNet-Test-1"),
        (["I", "A|B={report}"], "row 'A|B' has 2 labels, this table has 1"),
        (["I", "A={agnostic}"], "row 'A': a report has no AOSE; it must come from"),
    ],
)
def test_rows_that_do_not_fit_are_one_sentence(tmp_path, arguments, sentence):
    files = {
        "report": write(tmp_path, "r.json", report(1, 2, 3)),
        "agnostic": write(tmp_path, "a.json", {"object": {}}),
    }
    result = CliRunner().invoke(app, ["tables", *(a.format(**files) for a in arguments)])
    assert result.exit_code == 1
    assert sentence in result.output.replace("\n", "")


def test_given_boxes_measure_masks_alone(tmp_path):
    """The network fills each box. The cup is a rectangle: IoU 1, AP 100. The toy is a triangle, half of its box of
    30 × 30 px and one diagonal: 465 of 900 px, IoU .517, right at .50 alone of ten thresholds: AP 10. The ignored tool
    is not asked for."""
    triangle = [[10, 10, 39, 10, 39, 39]]
    truth = [annotation(1, CUP, (50, 50, 20, 10)), {"image_id": 1, "category_id": TOY, "segmentation": triangle},
             annotation(1, TOOL, (0, 80, 9, 9))]  # fmt: skip
    path = write(tmp_path, "g.json", content(truth, open_set={CUP: "known", BOWL: "known", TOOL: "ignore"}))
    cv2.imwrite(str(tmp_path / "1.png"), np.zeros((100, 100, 3), np.uint8))
    ground_truth = read_ground_truth(path)
    asked = []

    def fill(rgb, boxes, class_ids):
        asked.append((rgb.shape, boxes.tolist(), class_ids.tolist()))
        masks = np.zeros((len(boxes), 100, 100), bool)
        for mask, (x0, y0, x1, y1) in zip(masks, boxes.astype(int), strict=True):
            mask[y0:y1, x0:x1] = True
        return masks

    figures = score_given_boxes(ground_truth, open_set_split(ground_truth), tmp_path, fill)
    toy_box = asked[0][1][1]
    assert asked[0][1][0] == [50, 50, 70, 60]
    assert asked[0][2] == [0, 2]  # the first known class; unknown, behind the two known ones
    share = ground_truth.objects.area[1] / ((toy_box[2] - toy_box[0]) * (toy_box[3] - toy_box[1]))
    assert 0.5 < share < 0.55
    assert figures["known"]["AP"] == pytest.approx(100)
    assert figures["unknown"]["AP"] == pytest.approx(10)
    assert json.dumps(figures)


def test_given_boxes_need_the_images(tmp_path):
    ground_truth = read_ground_truth(write(tmp_path, "g.json", content([annotation(1, CUP, (0, 0, 9, 9))])))
    with pytest.raises(EvaluationError, match="1 of the 1 images"):
        score_given_boxes(ground_truth, open_set_split(ground_truth, ["cup"]), tmp_path, lambda *_: [])
