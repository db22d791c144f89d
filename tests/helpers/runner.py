"""What GitHub's runner does with the steps of an action: it reads commands off their output, and runs their scripts.

The commands are read as https://github.com/actions/runner does, src/Runner.Common/ActionCommand.cs, both kinds of them.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

KNOWN = {
    "add-mask",
    "add-matcher",
    "add-path",
    "debug",
    "echo",
    "endgroup",
    "error",
    "group",
    "notice",
    "remove-matcher",
}
KNOWN |= {"save-state", "set-env", "set-output", "stop-commands", "warning"}


class Command(NamedTuple):
    """A workflow command, as the runner understands it."""

    name: str
    properties: dict[str, str]
    message: str


def commands(output: str) -> list[Command]:
    """All commands in the output of a step."""
    lines = re.split(r"\r\n|\r|\n", output)
    return [found for line in lines if (found := _modern(line.lstrip()) or _ancient(line))]


def _modern(line: str) -> Command | None:
    """::name key=value,key=value::message, at the start of a line."""
    head, mark, message = line[2:].partition("::")
    name, _, rest = head.partition(" ")
    if not line.startswith("::") or not mark or name not in KNOWN:
        return None
    pairs = [pair.split("=", 1) for pair in rest.strip().split(",") if "=" in pair]
    return Command(name, {key: _plain(value, "\r\n:,%") for key, value in pairs}, _plain(message, "\r\n%"))


def _ancient(line: str) -> Command | None:
    """##[name key=value;key=value]message, anywhere in a line."""
    found = re.search(r"##\[([^\] ]*)[^\]]*\](.*)", line)
    return Command(found[1], {}, found[2]) if found and found[1] in KNOWN else None


def _plain(text: str, signs: str) -> str:
    for sign in signs:
        text = text.replace(f"%{ord(sign):02X}", sign)
    return text


@dataclass
class Job:
    """A job in a workspace that uses an action; `steps` has the outputs of each step that has run."""

    folder: Path
    action: dict[str, Any]
    inputs: dict[str, str]
    steps: dict[str, dict[str, str]]
    status: int = 0
    output: str = ""
    summary: str = ""
    used: dict[str, dict[str, str]] = field(default_factory=dict)  # the actions that steps used, with their inputs

    def run(self, skipped: tuple[str, ...] = ()) -> Job:
        """Run the steps, but those with some ids; other actions are not run, only noted."""
        self.inputs = {name: one["default"] for name, one in self.action["inputs"].items()} | self.inputs
        for step in self.action["runs"]["steps"]:
            if step.get("id") in skipped or (self.status and "always()" not in step.get("if", "")):
                continue
            if "uses" in step:
                self.used[step["uses"].partition("@")[0]] = {k: self.value(x) for k, x in step["with"].items()}
            else:
                self._script(step)
        return self

    def value(self, text: object) -> str:
        """A text of the action with its expressions evaluated: inputs and outputs of steps."""

        def one(match: re.Match[str]) -> str:
            where, *rest = match[1].split(".")
            return self.inputs[rest[0]] if where == "inputs" else self.steps.get(rest[0], {}).get(rest[2], "")

        return re.sub(r"\$\{\{ (.+?) \}\}", one, str(text))

    def _script(self, step: dict[str, Any]) -> None:
        assert step["shell"] == "bash" and "${{" not in step["run"], "an input in a script can be a script"
        files = {name: self.folder / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        script = self.folder / "script.sh"
        script.write_text(step["run"], encoding="utf-8")
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "PYTHON"))}
        environment |= {name: str(file) for name, file in files.items()}
        environment |= {"RUNNER_TEMP": str(self.folder / "temp"), "GITHUB_WORKSPACE": str(self.folder / "work")}
        environment |= {"GITHUB_ACTION_PATH": str(Path(__file__).parents[2])}
        environment |= {name: self.value(text) for name, text in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=self.folder / "work", env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        pairs = (line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text(encoding="utf-8").splitlines())
        self.steps[step["id"]] = dict(pairs)
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        self.output += done.stdout + done.stderr
        self.status = self.status or done.returncode
