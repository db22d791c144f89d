"""action.yml and the workflows: the action's own steps are run here as GitHub's runner runs them."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from runner import Job, commands
from shown import DOCS, ROOT, words

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
WORKFLOWS = {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in ROOT.glob(".github/workflows/*")}
SUBMISSIONS = ROOT / "docs" / "examples" / "submissions"
ODD = "b, 50%25: \"x\" 'y'\n::add-mask::$(touch pwned)##[add-mask]`touch pwned` ä.xlsx"
UPLOAD = "actions/upload-artifact"

Use = Callable[..., Job]


@pytest.fixture
def use(tmp_path: Path) -> Use:
    """`use(path=...)`: a job whose workspace has a right, a wrong and a broken workbook, and uses the action."""
    work, temp = tmp_path / "work", tmp_path / "temp"
    for folder in (work / "-dash and space", work / "shadow", temp / "sheetgen"):
        folder.mkdir(parents=True)
    (temp / "sheetgen" / "sheetgen").symlink_to(ROOT / "sheetgen")  # as the install leaves it
    shutil.copy(SUBMISSIONS / "ada.xlsx", work / "ada's.xlsx")
    shutil.copy(SUBMISSIONS / "ben.xlsx", work / "-dash and space" / ODD)
    (work / "-dash and space" / "cut off.xlsx").write_bytes((SUBMISSIONS / "ada.xlsx").read_bytes()[:2_000])
    for name in ("click", "random", "sheetgen"):  # what a student may put beside a workbook
        (work / f"{name}.py").write_text("raise SystemExit(0)\n")

    def run(**inputs: str) -> Job:
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        return Job(tmp_path, ACTION, given, {"python": {"python-path": sys.executable}}).run(skipped=("install",))

    return run


def test_a_right_workbook_passes(use: Use, tmp_path: Path) -> None:
    job = use(path="ada's.xlsx")
    assert (job.status, job.output) == (0, "1 workbook: 1 right\n")
    assert job.summary.startswith("# 1 workbook: 1 right\n")
    found = {name: job.value(one["value"]) for name, one in ACTION["outputs"].items()}
    report = tmp_path / "temp" / "sheetgen-audit" / "audit.xlsx"
    assert found == {"right": "1", "doubtful": "0", "wrong": "0", "not-judged": "0", "report": str(report)}
    assert zipfile.is_zipfile(report)
    upload = {"name": "audit", "path": str(report.parent), "if-no-files-found": "ignore"}
    assert job.used[UPLOAD] == upload


def test_wrong_and_unreadable_ones_fail_when_all_is_written(use: Use, tmp_path: Path) -> None:
    """With names that mean harm to a shell and to the runner, and paths that begin with - and have spaces."""
    job = use(path="-dash and space\n\nada's.xlsx\r\n", artifact="class 1")
    assert job.status == 2 and job.summary.startswith("# 3 workbooks: 1 right, 1 wrong, 1 not judged\n")
    assert [job.value(one["value"]) for one in ACTION["outputs"].values()][:4] == ["1", "0", "1", "1"]
    found = commands(job.output)
    assert [one.name for one in found] == ["error", "error"]
    odd = f"-dash and space/{ODD}".replace("\n", " ")
    assert [one.properties["file"] for one in found] == [odd, "-dash and space/cut off.xlsx"]
    assert found[0].properties["title"] == "wrong gradient BackProp!Z33:Z79"
    assert not list(tmp_path.rglob("pwned")), "a name was run"
    assert job.used[UPLOAD]["name"] == "class 1"
    reports = sorted(path.name for path in Path(job.used[UPLOAD]["path"]).iterdir())
    assert reports == ["audit.xlsx", "audit.xml"]


@pytest.mark.parametrize(("fail_on", "status"), [("never", 0), ("error", 2), ("nonsense", 2), ("$(touch pwned)", 2)])
def test_what_fails_is_an_input(fail_on: str, status: int, use: Use, tmp_path: Path) -> None:
    job = use(path="-dash and space/cut off.xlsx", fail_on=fail_on)
    assert job.status == status and not list(tmp_path.rglob("pwned"))
    assert [one.name for one in commands(job.output)] == (["error"] if fail_on in ("never", "error") else [])
    assert UPLOAD in job.used


@pytest.mark.parametrize("inputs", [
    {"path": '"; touch pwned; "'}, {"path": "$(touch pwned)\n`touch pwned`"}, {"path": "--help"}, {"path": ""},
    {"table": "x' --json \"; touch pwned"}, {"timeout": "1; touch pwned"}, {"timeout": "--help"}, {"timeout": "5 -j 1"},
])  # fmt: skip
def test_no_input_is_a_script_or_an_option(inputs: dict[str, str], use: Use, tmp_path: Path) -> None:
    job = use(**({"path": "ada's.xlsx"} | inputs))
    assert job.status == 2 and not list(tmp_path.rglob("pwned"))
    assert {one.name for one in commands(job.output)} <= {"error"}
    assert "Usage" not in job.output or "Error:" in job.output


def test_table_and_timeout_are_passed_on(use: Use) -> None:
    job = use(path="ada's.xlsx", table="No such sheet!A1:B2", timeout="77")
    (one,) = commands(job.output)
    assert job.status == 2 and "No such sheet" in one.message
    assert use(path="ada's.xlsx", table="Sheet1!A32:AK80").status == 0


def test_a_second_use_uploads_nothing_of_the_first(use: Use, tmp_path: Path) -> None:
    assert use(path="ada's.xlsx").status == 0
    job = use(path="ada's.xlsx", timeout="0")
    assert job.status == 2 and not Path(job.used[UPLOAD]["path"]).exists()


def test_what_did_not_begin_uploads_nothing() -> None:
    """An upload without a path would be a second failure, which hides the first."""
    (upload,) = (step for step in ACTION["runs"]["steps"] if step.get("uses", "").startswith(UPLOAD))
    assert upload["if"] == "always() && steps.audit.outputs.reports"


@pytest.mark.slow
def test_the_install_is_the_light_one(use: Use, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "temp")
    job = Job(tmp_path, ACTION, {"path": "ada's.xlsx"}, {"python": {"python-path": sys.executable}}).run()
    if "audit" not in job.steps:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"nothing can be installed here: {job.output}")
    assert job.status == 0 and job.output.endswith("1 workbook: 1 right\n")
    there = {path.name for path in (tmp_path / "temp" / "sheetgen").iterdir()}
    assert {"sheetgen", "click", "rich", "xlsxwriter"} <= there and not there & {"numpy", "torch"}


# What stands in the files


def uses(steps: list[dict[str, Any]]) -> list[str]:
    return [step["uses"] for step in steps if "uses" in step]


def test_only_github_s_own_actions_are_used_each_in_one_version() -> None:
    steps = [
        *ACTION["runs"]["steps"],
        *(step for w in WORKFLOWS.values() for j in w["jobs"].values() for step in j["steps"]),
    ]
    used = set(uses(steps)) - {"./"}
    assert all(name.startswith("actions/") for name in used)
    assert len({name.partition("@")[0] for name in used}) == len(used)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_workflow_s_script_has_an_expression_in_it_and_no_checkout_keeps_the_token(name: str) -> None:
    for job in WORKFLOWS[name]["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
            assert "checkout" not in step.get("uses", "") or step["with"] == {"persist-credentials": False}
        assert job["timeout-minutes"] <= 30


def test_every_job_has_the_rights_that_it_needs_and_no_more() -> None:
    rights = {
        (name, job): one.get("permissions", workflow["permissions"])
        for name, workflow in WORKFLOWS.items()
        for job, one in workflow["jobs"].items()
    }
    read = {"contents": "read"}
    assert rights == {
        ("ci.yml", "gate"): read,
        ("ci.yml", "action"): read,
        ("release.yml", "build"): read,
        ("release.yml", "publish"): {"contents": "write"},
        ("release.yml", "page"): {"pages": "write", "id-token": "write"},
    }


def test_what_may_change_something_installs_nothing() -> None:
    jobs = WORKFLOWS["release.yml"]["jobs"]
    for name in ("publish", "page"):
        assert jobs[name]["needs"] == "build"
        assert not [u for u in uses(jobs[name]["steps"]) if "checkout" in u or "setup-" in u]
        assert not any(word in str(jobs[name]["steps"]) for word in ("pip", "npm", "bash "))


def test_the_page_is_what_the_release_builds() -> None:
    jobs = WORKFLOWS["release.yml"]["jobs"]
    *_, page = jobs["build"]["steps"]
    assert page["uses"].startswith("actions/upload-pages-artifact@") and page["with"]["path"] == "sheetgen/web/site"
    assert jobs["page"]["environment"]["name"] == "github-pages"
    (deploy,) = jobs["page"]["steps"]
    assert deploy["uses"].startswith("actions/deploy-pages@")
    assert jobs["page"]["environment"]["url"] == f"${{{{ steps.{deploy['id']}.outputs.page_url }}}}"


def test_our_own_ci_tries_the_action() -> None:
    checkout, use, check = WORKFLOWS["ci.yml"]["jobs"]["action"]["steps"]
    assert "checkout" in checkout["uses"] and use["uses"] == "./"
    assert set(use["with"]) <= set(ACTION["inputs"]) and (ROOT / use["with"]["path"]).is_file()
    assert all(f"steps.{use['id']}.outputs.{name} " in str(check["env"]) for name in ("right", "wrong", "report"))


def test_the_page_of_docs_tells_of_every_input_and_output() -> None:
    page = words(DOCS["ci.md"])
    for kind in ("inputs", "outputs"):
        assert all(f"`{name}`" in page for name in ACTION[kind]), kind
    for name, one in ACTION["inputs"].items():
        assert not one["default"] or f"| `{name}` | `{one['default']}` |" in page, name
