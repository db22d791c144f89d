"""`sheetgen web`."""

from __future__ import annotations

from pathlib import Path

import click

from sheetgen.base.errors import Status, UserError
from sheetgen.base.text import plain
from sheetgen.cli.console import PATH, Command
from sheetgen.web import serve

SITE = Path(serve.__file__).parent / "site"


@click.command(cls=Command, short_help="Show the page that judges workbooks in a browser.")
@click.argument("folder", type=PATH, required=False)
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="The port; else one that is free.")
@click.option("--browser/--no-browser", default=True, help="Open the page in a browser.")
def web(folder: Path | None, port: int, browser: bool) -> Status:
    """Show the page on which a browser judges workbooks, without sending them anywhere; until Ctrl-C.

    FOLDER holds the page, such as a copy of it on a USB stick; without one it is the page that was installed. It is
    served to this machine alone.
    """
    site = folder or SITE
    if not (site / "index.html").is_file():
        hint = f"{plain(site)} holds no page: python -m sheetgen.web.build {plain(site) if folder else ''}".rstrip()
        raise UserError(f"{hint} builds it, in a checkout with npm at hand.")
    try:
        serve.serve(site, port, browser)
    except OSError as error:
        raise UserError(
            f"The page cannot be served ({plain(error.strerror or error)}): choose another --port."
        ) from error
    return Status.RIGHT
