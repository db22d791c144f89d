"""The verdicts as JUnit XML, which GitHub, GitLab and Jenkins show as tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from xml.etree import ElementTree

from sheetgen.audit.show.text import faults, kind, lines, where
from sheetgen.audit.verdict import Verdict
from sheetgen.base.finding import NOTE, Finding
from sheetgen.base.text import plain

Element = ElementTree.Element


def document(verdicts: Sequence[Verdict]) -> bytes:
    """A testsuite per file: a testcase per table that was compared, and a failed one per error and warning.

    A file that could not be judged is one testcase with an error, and so is a part that could not; notes and what was
    not understood are its output.
    """
    suites = ElementTree.Element("testsuites", name="sheetgen audit")
    for verdict in verdicts:
        _suite(suites, verdict)
    _count(suites, [float(suite.get("time", "0")) for suite in suites])
    ElementTree.indent(suites)
    text: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return text


def _suite(suites: Element, verdict: Verdict) -> None:
    path = plain(verdict.path)
    suite = ElementTree.SubElement(suites, "testsuite", name=path)
    seen: Counter[str] = Counter()

    def case(name: str) -> Element:
        seen[name] += 1  # two tests with one name would be taken for one
        name = f"{name} ({seen[name]})" if seen[name] > 1 else name
        return ElementTree.SubElement(suite, "testcase", classname=path, name=name, file=path, time="0")

    if verdict.problem:
        problem = plain(verdict.problem)
        ElementTree.SubElement(case("can be judged"), "error", message=problem, type="not judged").text = problem
    for why in map(plain, verdict.unjudged if not verdict.problem else []):
        ElementTree.SubElement(case("all of it can be judged"), "error", message=why, type="not judged").text = why
    for table in verdict.tables:
        what = f"{table.rows:,} rows, {table.gradients:,} gradients, worst relative difference {table.worst:.2g}"
        ElementTree.SubElement(case(f"table {where(table.sheet, table.cells)}"), "system-out").text = what
    for finding in faults(verdict):
        failure = ElementTree.SubElement(
            case(f"{kind(finding)} {where(finding.sheet, finding.cells)}"),
            "failure",
            message=plain(finding.found) or kind(finding),
            type=f"{finding.severity}: {kind(finding)}",
        )
        failure.text = _text(finding)
    if not len(suite):
        case("nothing was found")
    notes = [finding for finding in verdict.findings if finding.severity == NOTE]
    output = [f"{NOTE}: {kind(f)} {where(f.sheet, f.cells)}\n{_text(f)}" for f in notes]
    output += [f"not understood: {plain(text)}" for text in verdict.unread]
    if output:
        ElementTree.SubElement(suite, "system-out").text = "\n".join(output)
    _count(suite, [verdict.seconds])


def _text(finding: Finding) -> str:
    return "\n".join(lines(finding))


def _count(element: Element, seconds: list[float]) -> None:
    """Write the counts that a suite, or all of them, must state."""
    counted = {"tests": "testcase", "failures": "failure", "errors": "error"}
    for name, tag in counted.items():
        element.set(name, str(sum(1 for _ in element.iter(tag))))
    element.set("time", f"{sum(seconds):.3f}")
