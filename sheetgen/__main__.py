"""The command line: `build` and `export` write workbooks, `check`, `audit` and `web` judge, `grad` differentiates."""

from __future__ import annotations

import click

from sheetgen.base.version import __version__
from sheetgen.cli.audit import audit
from sheetgen.cli.build import build, templates
from sheetgen.cli.check import check
from sheetgen.cli.console import CommandGroup
from sheetgen.cli.export import export
from sheetgen.cli.grad import grad
from sheetgen.cli.web import web


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sheetgen")
def main() -> None:
    """Neural networks that train in live spreadsheet cells, proven equal to PyTorch autograd."""


for command in (audit, build, check, export, grad, templates, web):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="sheetgen")
