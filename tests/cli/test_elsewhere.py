"""What other people's CI takes from here: the pre-commit hook, and the lines of docs; test_action.py has the action."""

import re
import shlex
import tomllib

import yaml
from shown import DOCS, ROOT, blocks

from sheetgen.__main__ import main

(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
SCRIPTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
WORKFLOW, LINES, HOOKS = (yaml.safe_load(text) for text in blocks(DOCS["ci.md"], "yaml"))


def understood(line: str) -> bool:
    """Whether a command is one that is installed, with a command and options that it has."""
    words = shlex.split(line.partition(">")[0])
    main.commands[words[1]].make_context(words[1], words[2:])
    return words[0] in SCRIPTS


def test_the_hook_is_a_command() -> None:
    assert HOOK["language"] == "python" and understood(f"{HOOK['entry']} a.xlsx b.xlsm")
    assert [bool(re.search(HOOK["files"], name)) for name in ("a.xlsx", "b/c.xlsm", "a.xls", "a.xlsx.py")] == [
        True, True, False, False,
    ]  # fmt: skip


def test_the_page_tells_of_them_as_they_are() -> None:
    _, uses = WORKFLOW["jobs"]["audit"]["steps"]
    assert uses["uses"] == "OWNER/sheetgen@main" and set(uses["with"]) <= set(ACTION["inputs"])
    install, judge = (step["run"] for step in LINES)
    assert install.startswith('pip install "sheetgen @ ') and understood(judge)
    assert [hook["id"] for hook in HOOKS["repos"][0]["hooks"]] == [HOOK["id"]]
