"""The page in Chromium: the command's verdicts, by drop, by keyboard, without a network, on a phone."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any, ClassVar

import judge_books
import judge_mutants
import openpyxl
import pytest
import web_page
from axe_playwright_python.sync_playwright import Axe
from packages import HOSTILE
from playwright.sync_api import Browser
from web_page import Visit, alike, command, timeless

from sheetgen.audit.judge import audit
from sheetgen.audit.show import table
from sheetgen.deliver.marks import write_report
from sheetgen.excel import read

ROOT = Path(__file__).parents[2]
SUBMISSIONS = ROOT / "docs" / "examples" / "submissions"
CLASS = ROOT.parent / "shared" / "data" / "homework"
BEN = SUBMISSIONS / "ben.xlsx"


@pytest.fixture(scope="module")
def class_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class: right and wrong workbooks of every layout, every hostile package, and what is no workbook."""
    folder = tmp_path_factory.mktemp("handed in") / "class"
    (folder / "late").mkdir(parents=True)
    for path in SUBMISSIONS.iterdir():
        shutil.copy(path, folder)
    for number, layout in enumerate(judge_books.LAYOUTS):
        judge_books.book(Random(f"web {number}"), layout).write(folder / f"right {number}.xlsx")
    for number in range(6):
        judge_mutants.mutant(7, number).book.write(folder / "late" / f"mutant {number}.xlsx")
    for name, (write, _) in HOSTILE.items():
        write(folder / f"hostile {name}.xlsx")
    (folder / "rubbish.xlsx").write_bytes(b"PK\x03\x04 rubbish")
    (folder / "empty.xlsx").write_bytes(b"")
    (folder / "notes.txt").write_text("no workbook, and not looked at")
    (folder / "~$ben.xlsx").write_bytes(b"a lock file")
    (folder / ".hidden.xlsx").write_bytes(b"hidden")
    return folder


def test_a_dropped_class_gets_the_commands_verdicts(visit: Visit, class_folder: Path) -> None:
    said = command(class_folder.parent, ["class"])
    visit.drop(class_folder)
    words = visit.judged(said.count(b'"path"'))
    assert len(words) > 30 and set(words.values()) == {"right", "wrong", "not judged"}
    alike(visit.take("#json"), said)


def test_examples_and_hostile_files_get_the_commands_verdicts_to_the_byte(visit: Visit, class_folder: Path) -> None:
    names = [p.name for p in sorted(class_folder.iterdir()) if p.name.startswith(("hostile", "ada", "ben", "cleo"))]
    visit.drop(*(class_folder / name for name in names))
    assert len(visit.judged(len(names))) > 20
    assert timeless(visit.take("#json")) == timeless(command(class_folder, names))


@pytest.mark.skipif(not CLASS.is_dir(), reason="the class's workbooks are not here")
def test_the_nine_workbooks_of_a_class(visit: Visit) -> None:
    names = sorted(path.name for path in CLASS.glob("*.xlsx"))
    visit.drop(*(CLASS / name for name in names))
    assert len(visit.judged(len(names))) == 9
    assert timeless(visit.take("#json")) == timeless(command(CLASS, names))


def test_the_wrong_cell_stands_in_its_row_of_numbers_with_the_repair(visit: Visit) -> None:
    visit.drop(BEN)
    assert visit.judged(1) == {"ben.xlsx": "wrong"}
    finding = visit.page.locator(".finding")
    finding.wait_for()
    text = finding.inner_text()
    assert "BackProp!Z33:Z79" in text and "it gives 0.0002248724776, the derivative is 0.0002248134626" in text
    marked = {m: finding.locator(f"li.{m}").all_inner_texts() for m in ("wrong", "used", "meant")}
    assert [texts[0].split()[3] for texts in marked.values()] == ["0.0002248725", "0.01", "0.5106234"]
    assert finding.locator("mark").all_inner_texts() == ["J33", "J33", "L33", "L33"]
    assert finding.locator(".strip li").count() < 31
    finding.get_by_role("button", name="Show all 31 numbers").click()
    assert finding.locator(".strip li").count() == 31


def test_only_of_what_is_right_it_says_that_there_is_nothing_to_mend(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "rubbish.xlsx").write_bytes(b"PK rubbish")
    visit.drop(SUBMISSIONS / "ada.xlsx", tmp_path / "rubbish.xlsx")
    assert visit.judged(2) == {"ada.xlsx": "right", "rubbish.xlsx": "not judged"}
    for summary in reversed(visit.page.locator("#list summary").all()):
        summary.click()
    visit.page.locator(".body:has-text('There is nothing to mend.')").wait_for()
    assert visit.page.locator(".body").all_inner_texts() == ["There is nothing to mend.", ""]


def test_a_file_that_is_dropped_twice_at_once_counts_once(visit: Visit) -> None:
    visit.page.evaluate(
        "() => { const text = document.getElementById('progress-text'); text.dataset.said = '';"
        "new MutationObserver(() => { text.dataset.said += `${text.textContent}; `; }).observe(text, {childList: 1}) }"
    )
    visit.drop(BEN)
    visit.drop(BEN)
    assert visit.judged(1) == {"ben.xlsx": "wrong"}
    visit.page.locator(".finding").wait_for()
    said = visit.page.locator("#progress-text").get_attribute("data-said") or ""
    assert set(said.split("; ")) <= {"0 of 1 judged", "All judged: 1 wrong.", ""}


def test_more_seconds_than_a_timer_can_count_are_no_fault_of_the_file(visit: Visit) -> None:
    visit.page.evaluate("document.getElementById('timeout').value = 3_000_000")
    visit.drop(SUBMISSIONS / "ada.xlsx")
    words = visit.judged(1)
    visit.page.evaluate("document.getElementById('timeout').value = 120")
    assert words == {"ada.xlsx": "right"}


def test_a_folder_without_a_workbook_and_a_chosen_folder(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").touch()
    visit.drop(tmp_path / "empty")
    assert visit.judged(1) == {"empty": "not judged"}
    assert visit.sentence("empty") == "empty is a folder without an .xlsx or .xlsm file."
    visit.page.set_input_files("#folder", SUBMISSIONS)
    names = [f"submissions/{path.name}" for path in sorted(SUBMISSIONS.iterdir())]
    assert list(visit.judged(4)) == ["empty", *names]


def test_what_can_be_taken_away_is_what_the_command_writes(visit: Visit, tmp_path: Path) -> None:
    paths = sorted(SUBMISSIONS.iterdir())
    visit.drop(*paths)
    visit.judged(3)
    verdicts = [audit(path) for path in paths]
    for verdict in verdicts:
        verdict.path = Path(verdict.path.name)
    assert visit.take("#csv").decode() == table.document(verdicts)
    assert [row[1] for row in csv.reader(io.StringIO(table.document(verdicts)))][1:] == ["right", "wrong", "wrong"]
    (tmp_path / "ours.xlsx").write_bytes(visit.take("#report"))
    write_report(verdicts, tmp_path / "theirs.xlsx")
    ours, theirs = read(tmp_path / "ours.xlsx").sheets, read(tmp_path / "theirs.xlsx").sheets
    assert ours == theirs


def test_a_copy_with_comments_is_the_file_and_the_findings(visit: Visit, tmp_path: Path) -> None:
    visit.drop(BEN)
    visit.judged(1)
    visit.page.locator(".finding").wait_for()
    copy = tmp_path / "copy.xlsx"
    copy.write_bytes(visit.take("text=Download a copy with these findings as comments"))
    sheet = openpyxl.load_workbook(copy)["BackProp"]
    assert [(cell.coordinate, cell.comment.text.splitlines()[0]) for row in sheet for cell in row if cell.comment] == [
        ("Z33", "error: wrong gradient, Z33:Z79")
    ]
    with zipfile.ZipFile(BEN) as old, zipfile.ZipFile(copy) as new:
        changed = [name for name in old.namelist() if old.read(name) != new.read(name)]
    assert "xl/styles.xml" not in changed and len(changed) <= 3


def test_texts_of_a_file_stay_texts(visit: Visit, tmp_path: Path) -> None:
    """The names of a file and of its sheet, and the label of a cell: each is shown, and none of them as HTML."""
    name, sheet = "<img src=x onerror=document.title='owned'>.xlsx", "<b onclick=alert(1)>"
    book = openpyxl.load_workbook(BEN)
    book["BackProp"].title = sheet
    book[sheet]["J32"] = "<i>w1</i>"
    book.save(tmp_path / name)
    visit.drop(tmp_path / name)
    assert list(visit.judged(1)) == [name]
    visit.page.locator(".finding .where", has_text=sheet).first.wait_for()
    assert "<i>w1</i>" in visit.page.locator(".strip").first.inner_text()
    assert visit.page.locator("#list :is(img, b, i)").count() == 0
    assert visit.page.title() == "Is the backpropagation in this workbook right?"


class Stranger(BaseHTTPRequestHandler):
    """A host that would gladly take whatever is sent to it."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.command)
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()

    def do_POST(self) -> None:  # as a beacon comes
        self.do_GET()

    def log_message(self, *_: Any) -> None: ...


def test_nothing_leaves_the_machine(browser: Browser, site: Path) -> None:
    """Neither the page nor its worker can talk to another host, whatever their code would do and whoever serves it."""
    with web_page.served(site, plain=True) as address:
        _try_to_send(Visit(browser, address), address)


def _try_to_send(visit: Visit, address: str) -> None:
    visit.drop(BEN)
    visit.judged(1)
    assert all(url.removeprefix("blob:").startswith(address) for url in visit.requests), visit.requests
    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as stranger:
        Thread(target=stranger.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{stranger.server_address[1]}/"
        send = "url => fetch(url).then(() => 'sent', () => 'refused')"
        assert [place.evaluate(send, url) for place in (visit.page, *visit.page.workers)] == ["refused", "refused"]
        visit.page.evaluate("url => { new Image().src = url; navigator.sendBeacon(url, 'x'); }", url)
        visit.page.evaluate(
            "url => { const f = document.createElement('iframe'); f.src = url; document.body.append(f); }", url
        )
        visit.page.wait_for_timeout(300)
        assert Stranger.asked == []
        visit.page.goto(url.replace("127.0.0.1", "localhost"))  # a page that does not forbid it
        visit.page.evaluate("url => navigator.sendBeacon(url, 'x')", url)
        visit.page.wait_for_timeout(300)
        assert visit.page.evaluate(send, url) == "sent" and {"GET", "POST"} <= set(Stranger.asked)
        stranger.shutdown()
    visit.context.close()


def test_by_keyboard_alone_and_for_a_screen_reader(visit: Visit) -> None:
    keys = visit.page.keyboard
    visit.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    visit.page.evaluate("document.querySelector('header').tabIndex = -1; document.querySelector('header').focus()")
    reached = []
    for _ in range(3):
        keys.press("Tab")
        reached.append(visit.page.evaluate("document.activeElement.id"))
    assert reached == ["choose", "choose-folder", "example"]
    keys.press("Enter")
    assert visit.judged(1) == {"example.xlsx": "wrong"}
    visit.page.wait_for_selector(".finding")
    live = visit.page.locator("#announcer")
    assert live.get_attribute("aria-live") == "polite" and "example.xlsx: wrong: 1 error" in live.inner_text()
    summary = visit.page.locator("#list summary")
    summary.focus()
    keys.press("Enter")
    assert not visit.page.locator(".finding").is_visible()
    keys.press("Enter")
    assert visit.page.locator(".finding").is_visible()
    assert "the wrong cell" in (visit.page.locator("li.wrong").text_content() or "")


@pytest.mark.parametrize("width", [320, 390, 1366])
def test_nothing_is_wider_than_the_screen(visit: Visit, width: int) -> None:
    visit.drop(BEN, SUBMISSIONS / "cleo.xlsx")
    visit.judged(2)
    for summary in visit.page.locator("#list summary").all():
        summary.click()
    visit.page.locator(".finding").nth(2).wait_for()
    visit.page.set_viewport_size({"width": width, "height": 844})
    wide = visit.page.evaluate("document.documentElement.scrollWidth")
    visit.page.set_viewport_size({"width": 1366, "height": 768})
    assert wide <= width


def test_a_folder_of_more_files_than_a_browser_lists_at_once(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    for number in range(130):
        (tmp_path / "c" / f"{number:03}.xlsx").touch()
    visit.drop(tmp_path / "c")
    assert list(visit.judged(130)) == [f"c/{number:03}.xlsx" for number in range(130)]


def test_lines_can_be_filtered_by_their_verdict(visit: Visit) -> None:
    visit.drop(SUBMISSIONS)
    visit.judged(3)
    shown = lambda: [n for n in visit.lines() if visit.page.locator(f"li:has(.name:text-is('{n}'))").is_visible()]  # noqa: E731
    assert len(shown()) == 3
    visit.page.get_by_role("button", name="wrong 2").click()
    assert shown() == ["submissions/ben.xlsx", "submissions/cleo.xlsx"]
    assert visit.page.get_by_role("button", name="wrong 2").get_attribute("aria-pressed") == "true"
    assert visit.page.evaluate("document.activeElement.dataset.word") == "wrong"  # where a keyboard goes on
    visit.page.keyboard.press("Enter")
    assert len(shown()) == 3


def test_no_rule_of_accessibility_is_broken(visit: Visit) -> None:
    """By axe-core: names and roles, headings, contrast, what can be reached; with every line and question open."""
    visit.drop(*sorted(SUBMISSIONS.iterdir()))
    visit.judged(3)
    for summary in visit.page.locator("#list summary").all():
        summary.click()
    visit.page.locator(".finding").nth(3).wait_for()
    visit.page.evaluate("document.querySelectorAll('section > details').forEach((d) => (d.open = true))")
    broken = Axe().run(visit.page).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in broken] == []
