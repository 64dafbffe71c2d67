"""Outcomes of criteria as JUnit XML, which continuous integration shows as tests."""

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from osis_ros.evaluation.jobs.criteria import Outcome

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 has no way to write these


def junit_xml(outcomes: Sequence[Outcome], suite: str) -> str:
    """One test suite with a test case for each criterion.

    Args:
        suite: its name.
    """
    failed = sum(not outcome.passed for outcome in outcomes)
    root = ElementTree.Element("testsuites", tests=str(len(outcomes)), failures=str(failed))
    element = ElementTree.SubElement(
        root, "testsuite", name=_clean(suite), tests=str(len(outcomes)), failures=str(failed), errors="0", skipped="0"
    )
    for outcome in outcomes:
        case = ElementTree.SubElement(element, "testcase", classname=_clean(suite), name=_clean(outcome.name))
        if not outcome.passed:
            ElementTree.SubElement(case, "failure", message=_clean(outcome.text), type="criterion")
        else:
            ElementTree.SubElement(case, "system-out").text = _clean(outcome.text)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    return FORBIDDEN.sub("�", text)
