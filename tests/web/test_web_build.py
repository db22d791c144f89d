"""The page's folder: every text in its place, the same bytes from the same files, and nobody's folder emptied."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest

from sheetgen.base.files import CannotWrite
from sheetgen.base.version import __version__
from sheetgen.web import build
from sheetgen.web.serve import CSP
from sheetgen.writer import style

TEXTS = json.loads((build.PAGE / "texts" / "en.json").read_text(encoding="utf-8"))
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in build.PAGE.glob("*.js")}


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_text_has_a_place_and_every_place_a_text() -> None:
    page = (build.PAGE / "index.html").read_text(encoding="utf-8")
    placed = set(re.findall(r"\{\{(\w+)\}\}", page)) - {"policy", "texts"}
    code = "\n".join(SCRIPTS.values())
    said = set(re.findall(r"""(?:texts\.|say\(")(\w+)""", code)) | {f"mark_{m}" for m in ("wrong", "used", "meant")}
    said |= {f"why_{end}" for end in ("slow", "ended", "stopped")} | {"all_stopped", "all_judged"}
    said |= {"should be", "right", "wrong", "doubtful", "not judged", "error", "warning", "note", "waiting", "working"}
    said |= {"starting", "loading", "ready"}
    assert (placed | said) == set(TEXTS)
    for key, text in TEXTS.items():
        for name in re.findall(r"\{(\w+)\}", text):
            assert name == "version" or re.search(rf'say\("{key}", \{{[^}}]*\b{name}\b', code), (key, name)


def test_a_language_is_a_table_and_nothing_else(tmp_path: Path) -> None:
    other = {key: f"<{key}> & {text}" for key, text in TEXTS.items()} | {"language": "xx"}
    (tmp_path / "xx.json").write_text(json.dumps(other), encoding="utf-8")
    page = build.page(tmp_path / "xx.json")
    assert '<html lang="xx">' in page and "&lt;choose&gt; &amp; Choose files" in page
    assert "{{" not in page and page.count("<script") == page.count("</script>") == 2
    assert f'content="{CSP}"' in page and __version__ in page


def test_the_page_offers_the_workbook_only_where_it_is() -> None:
    table = build.PAGE / "texts" / "en.json"
    assert "sheetgen.xlsx" in build.page(table) and "sheetgen.xlsx" not in build.page(table, offers=False)


def test_the_colours_are_the_workbooks_own() -> None:
    css = build.colours()
    assert f"--accent: {style.ACCENT};" in css and f"--fail-fill: {style.FAIL_FILL};" in css
    used = set(re.findall(r"var\((--[\w-]+)\)", (build.PAGE / "style.css").read_text(encoding="utf-8")))
    assert used <= set(re.findall(r"(--[\w-]+):", css))
    assert not re.search(r"#[0-9A-Fa-f]{6}", (build.PAGE / "style.css").read_text(encoding="utf-8"))


def test_no_script_names_another_host() -> None:
    page = (build.PAGE / "index.html").read_text(encoding="utf-8")
    for text in (*SCRIPTS.values(), page, (build.PAGE / "style.css").read_text(encoding="utf-8")):
        assert "http://" not in text and "https://" not in text and "style=" not in text
    assert "innerHTML" not in "".join(SCRIPTS.values()) and "eval(" not in "".join(SCRIPTS.values())


def test_the_built_page_is_whole_and_the_same_each_time(site: Path, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    workbook = tmp_path / "book.xlsx"
    workbook.write_bytes(b"a workbook")
    build.build(tmp_path / "site", workbook)
    first = files(tmp_path / "site")
    build.build(tmp_path / "site", workbook)
    assert files(tmp_path / "site") == first and first["sheetgen.xlsx"] == b"a workbook"
    assert set(files(site)) == set(first) - {"sheetgen.xlsx"}
    assert {path.name for path in tmp_path.iterdir()} == {"book.xlsx", "site"}  # no draft is left
    kept = set(json.loads(re.search(r"FILES = (\[.*\]);", first["offline.js"].decode())[1]))  # type: ignore[index]
    assert kept == set(first) - set(build.LATER) | {"./"}
    assert first["offline.js"] != files(site)["offline.js"]  # so that a browser notices


def test_the_archive_holds_this_judge_and_the_licence_of_what_is_not_ours(site: Path) -> None:
    with zipfile.ZipFile(site / "python.zip") as archive:
        names = set(archive.namelist())
        judge = archive.read("sheetgen/audit/judge.py")
    assert judge == (build.HERE.parent / "audit" / "judge.py").read_bytes()
    assert "xlsxwriter/workbook.py" in names and any("LICENSE" in name for name in names)
    assert not any("node_modules" in name or "/site/" in name for name in names)


def test_a_folder_with_something_else_is_not_emptied(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(CannotWrite, match="holds something else than a page: choose another folder"):
        build.build(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(CannotWrite, match="cannot be written"):
        build.build(tmp_path / "thesis.tex" / "site")


def test_without_npm_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(build, "PYODIDE", Path("nowhere"))
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert build.main([]) == 2
    assert capsys.readouterr().err == (
        "Pyodide comes from npm, which is not installed: install Node.js, and build the page again.\n"
    )


def test_npm_is_held_to_one_version_and_hash() -> None:
    lock = json.loads((build.HERE / "package-lock.json").read_text(encoding="utf-8"))
    wanted = json.loads((build.HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]["pyodide"]
    assert lock["packages"]["node_modules/pyodide"]["version"] == wanted
    assert all(p.get("integrity", "").startswith("sha512-") for name, p in lock["packages"].items() if name)
