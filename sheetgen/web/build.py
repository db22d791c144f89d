"""Build the page: `python -m sheetgen.web.build [FOLDER]`, with npm at hand, which brings Pyodide.

The folder, by default sheetgen/web/site, is all of the page: any host can serve it, and `sheetgen web` does here. It
holds the page's files with their texts, Pyodide, the judge and XlsxWriter in python.zip, an example, the workbook.
"""

from __future__ import annotations

import gzip
import hashlib
import html
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from sheetgen.base.errors import UserError
from sheetgen.base.files import CannotWrite, staging
from sheetgen.base.text import plain
from sheetgen.base.version import __version__
from sheetgen.web.serve import CSP
from sheetgen.writer import style

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SITE = HERE / "site"
PAGE = HERE / "page"
PYODIDE = HERE / "node_modules" / "pyodide"  # where npm puts it
PARTS = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
COPIED = ("style.css", "icon.svg", "main.js", "view.js", "files.js", "pool.js", "worker.js")
WORKBOOK = ROOT / "out" / "sheetgen.xlsx"
EXAMPLE = ROOT / "docs" / "examples" / "submissions" / "ben.xlsx"
LATER = ("sheetgen.xlsx", "serve.py", "licences.txt", "offline.js")  # what nobody needs without the network
_TEXT = re.compile(r"\{\{(\w+)\}\}")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same page from the same files
LICENCES = """sheetgen {version}: MIT.
XlsxWriter {xlsxwriter}: BSD-2-Clause, Copyright John McNamara; its text is in python.zip.
Pyodide {pyodide}: MPL-2.0, https://github.com/pyodide/pyodide; with CPython: PSF-2.0, https://www.python.org.
"""


def fetch() -> None:
    """Have npm put Pyodide beside this file; package-lock.json has its version and hash. Raises UserError."""
    if not EXAMPLE.is_file():
        raise UserError("The page is built in a checkout of sheetgen; an installed release has it already.")
    wanted = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]["pyodide"]
    if _version() == wanted:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise UserError("Pyodide comes from npm, which is not installed: install Node.js, and build the page again.")
    options = ("--no-fund", "--no-audit", "--ignore-scripts", "--loglevel=error")
    with staging(PYODIDE) as scratch:  # two processes may be at it
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(HERE / name, scratch / name)
        if subprocess.run([npm, "ci", *options], cwd=scratch).returncode:
            raise UserError("npm could not install Pyodide; what it says is above.")
        if PYODIDE.is_dir() and _version() != wanted:
            PYODIDE.replace(scratch / "former")
        if _version() != wanted:
            (scratch / "node_modules" / "pyodide").replace(PYODIDE)


def _version() -> str:
    try:
        return str(json.loads((PYODIDE / "package.json").read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        return ""


def build(site: Path = SITE, workbook: Path = WORKBOOK) -> None:
    """Write the page to a folder, which takes the place of what stood there when it is whole. Raises UserError.

    Without the workbook the page does not offer it.
    """
    _check(site)
    try:
        with staging(site) as scratch:
            draft = scratch / "site"
            draft.mkdir()
            _fill(draft, workbook)
            if site.is_dir():
                site.replace(scratch / "former")
            draft.replace(site)
    except OSError as error:
        raise CannotWrite(f"{plain(site)}: the page cannot be written ({plain(error)})") from error


def _fill(site: Path, workbook: Path) -> None:
    _pyodide(site / "pyodide")
    _archive(site / "python.zip")
    for name in COPIED:
        shutil.copyfile(PAGE / name, site / name)
    shutil.copyfile(HERE / "serve.py", site / "serve.py")
    shutil.copyfile(EXAMPLE, site / "example.xlsx")
    if workbook.is_file():
        shutil.copyfile(workbook, site / "sheetgen.xlsx")
    (site / "colours.css").write_text(colours(), encoding="utf-8")
    versions = {"version": __version__, "xlsxwriter": metadata.version("xlsxwriter"), "pyodide": _version()}
    (site / "licences.txt").write_text(LICENCES.format(**versions), encoding="utf-8")
    for table in sorted((PAGE / "texts").glob("*.json")):
        name = "index.html" if table.stem == "en" else f"index.{table.stem}.html"
        (site / name).write_text(page(table, offers=workbook.is_file()), encoding="utf-8")
    (site / "offline.js").write_text(_offline(site), encoding="utf-8")


def _check(site: Path) -> None:
    """Raise CannotWrite if there is anything but a page: its place will be emptied."""
    if site.is_dir() and any(site.iterdir()) and not (site / "offline.js").is_file():
        raise CannotWrite(f"{plain(site)}: the folder holds something else than a page: choose another folder")


def page(table: Path, offers: bool = True) -> str:
    """The page in one language; every text of the table has a place, and every place a text. Raises KeyError."""
    texts = json.loads(table.read_text(encoding="utf-8"))
    texts = {key: text.replace("{version}", __version__) for key, text in texts.items()}
    data = json.dumps(texts, ensure_ascii=False).replace("<", "\\u003c")  # no </script> ends it
    source = (PAGE / "index.html").read_text(encoding="utf-8")
    if not offers:
        source = re.sub(r'  <section class="offer".*?</section>\n', "", source, flags=re.DOTALL)

    def text(match: re.Match[str]) -> str:
        return {"policy": CSP, "texts": data}.get(match[1]) or html.escape(texts[match[1]])

    return _TEXT.sub(text, source)


def colours() -> str:
    """The workbook's palette, as variables."""
    named = {name: value for name, value in vars(style).items() if isinstance(value, str) and value.startswith("#")}
    named |= {f"series_{n}": value for n, value in enumerate(style.SERIES, 1)}
    lines = [f"  --{name.lower().replace('_', '-')}: {value};" for name, value in named.items()]
    return "\n".join([":root {", *lines, "}", ""])


def _pyodide(folder: Path) -> None:
    folder.mkdir()
    for name in PARTS:
        content = (PYODIDE / name).read_bytes()
        if name.endswith(".wasm"):
            (folder / f"{name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
        else:
            (folder / name).write_bytes(content)
    lock = json.loads((PYODIDE / "pyodide-lock.json").read_text(encoding="utf-8"))
    (folder / "pyodide-lock.json").write_text(json.dumps(lock | {"packages": {}}), encoding="utf-8")  # none are fetched


def _archive(path: Path) -> None:
    """What the judge and its report import: this package, and XlsxWriter from where it is installed."""
    package = HERE.parent
    sources = [
        file for file in package.rglob("*.py") if not {"node_modules", "site"} & set(file.parts[len(package.parts) :])
    ]
    own = [(file, file.relative_to(package.parent)) for file in sources]
    with zipfile.ZipFile(path, "w") as archive:
        for file, name in sorted([*own, *_installed("xlsxwriter")]):
            info = zipfile.ZipInfo(name.as_posix(), _EPOCH)
            archive.writestr(info, file.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)


def _installed(name: str) -> Iterator[tuple[Path, Path]]:
    """The Python files and the licence of an installed package."""
    for file in metadata.files(name) or []:
        if file.suffix == ".py" or "LICENSE" in file.name:
            yield Path(str(file.locate())), Path(*file.parts)


def _offline(site: Path) -> str:
    """The service worker, which keeps every file that the page needs; another page is another VERSION."""
    files = [path.relative_to(site).as_posix() for path in _files(site) if path.name not in LATER]
    version = hashlib.sha256(b"".join(path.read_bytes() for path in _files(site))).hexdigest()[:16]
    source = (PAGE / "offline.js").read_text(encoding="utf-8")
    return f"const VERSION = {json.dumps(version)};\nconst FILES = {json.dumps(['./', *files])};\n{source}"


def _files(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def main(arguments: list[str]) -> int:
    """Build the page, and say where it is."""
    site = Path(arguments[0]) if arguments else SITE
    try:
        fetch()
        build(site)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    size = sum(path.stat().st_size for path in _files(site))
    print(f"{site}: {size / 1e6:.1f} MB; `sheetgen web` shows it" + ("" if WORKBOOK.is_file() else
          "; it offers no workbook, for out/sheetgen.xlsx is not there: `python build.py` makes it"))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
