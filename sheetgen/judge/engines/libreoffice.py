"""LibreOffice Calc without a window: converts a blanked copy and reads what it calculated (15 digits)."""

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Event

from sheetgen.judge.engines.result import Attempt, Engine, EngineFailed, EngineMissing

NAME = "LibreOffice"
TIMEOUT = 300.0  # seconds; a start takes 1 to 2

_running: set[subprocess.Popen[str]] = set()
_ended = Event()  # that this process is being stopped
_ITEM = '<item oor:path="{}"><prop oor:name="{}" oor:op="fuse"><value>{}</value></prop></item>'
_CALC, _SECURITY = "/org.openoffice.Office.Calc", "/org.openoffice.Office.Common/Security/Scripting"
_SETTINGS = [
    (f"{_CALC}/Formula/Load", "OOXMLRecalcMode", 0),  # always: never believe a cached value
    (f"{_CALC}/Content/Update", "Link", 1),  # never follow a link to another file
    (_SECURITY, "MacroSecurityLevel", 3),
    (_SECURITY, "DisableMacrosExecution", "true"),
]


def program() -> str:
    """The path of soffice. Raises EngineMissing."""
    path = shutil.which("soffice") or shutil.which("libreoffice")
    if path is None:
        raise EngineMissing("The engine LibreOffice is not installed: run apt install libreoffice-calc-nogui.")
    return path


@lru_cache(maxsize=1)
def version() -> str:
    """The version LibreOffice tells of itself, such as '7.4.7.2'. Raises EngineMissing."""
    with tempfile.TemporaryDirectory() as folder:
        words = soffice(Path(folder), TIMEOUT, "--version").split()
    return words[1] if len(words) > 1 else "unknown"


def _calculate(attempt: Attempt, timeout: float = TIMEOUT) -> None:
    """Convert a blanked copy to .xlsx in a profile of its own, so two may run at once, within `timeout` seconds."""

    def converted(copy: Path) -> Path:
        target = copy.parent / "out" / copy.name
        output = soffice(copy.parent, timeout, "--convert-to", "xlsx", "--outdir", str(target.parent), str(copy))
        if not target.exists():
            raise EngineFailed(f"LibreOffice converted nothing: {output.strip() or 'it said nothing'}.")
        return target

    attempt.take_saved(converted)


def soffice(folder: Path, timeout: float, *arguments: str) -> str:
    """Run LibreOffice with a throw-away profile inside a folder; its output. It calculates what it loads anew.

    Raises EngineMissing, or EngineFailed after `timeout` seconds.
    """
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    items = "".join(_ITEM.format(*setting) for setting in _SETTINGS)
    (profile / "user" / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
        f"{items}</oor:items>",
        encoding="utf-8",
    )
    command = [program(), "--headless", "--norestore", "--nolockcheck", f"-env:UserInstallation={profile.as_uri()}"]
    # A session of its own, because soffice is a script and what must be stopped is its child.
    process = subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    _running.add(process)
    try:
        if _ended.is_set():  # just now, so that nobody has seen this one yet
            _kill(process)
        output = process.communicate(timeout=timeout)[0]
        if process.returncode < 0:
            raise EngineFailed(f"LibreOffice was ended by signal {-process.returncode}.")
        return output
    except subprocess.TimeoutExpired as error:
        raise EngineFailed(f"LibreOffice was stopped after {timeout:g} seconds.") from error
    finally:
        _running.discard(process)
        if process.poll() is None:
            _kill(process)
            process.communicate()


def _kill(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def stop() -> None:
    """End every LibreOffice that runs for this process or will, so that nobody who is being stopped waits for one."""
    _ended.set()
    for process in list(_running):
        _kill(process)


recalculate = Engine(NAME, version, _calculate, present=program)  # asking LibreOffice for its version starts it
