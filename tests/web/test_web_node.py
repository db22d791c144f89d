"""Sixty mutants, judged by the page's archive in node: what the judge says here; bench_web.py has more of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import judge_mutants
import web_page

MUTANTS = 30


def test_thirty_mutants_get_the_verdicts_that_they_get_here(site: Path, tmp_path: Path) -> None:
    mutants = list(judge_mutants.mutants(13, MUTANTS, (20, 30)))
    for number, mutant in enumerate(mutants):
        mutant.book.write(tmp_path / f"{number:03}.xlsx")
    with ThreadPoolExecutor(1) as beside:
        there = beside.submit(web_page.in_node, site, tmp_path)
        here = web_page.documents(tmp_path)
    assert there.result().keys() == here.keys()
    for name, (document, _) in there.result().items():
        web_page.alike(document, here[name])
    assert not any(b'"verdict": "right"' in document for document in here.values())
