"""Write the workbook: `python build.py`, or `python build.py TEMPLATE... -o FILE`. The same as `sheetgen build`.

`--train` first trains the networks that the default workbook reports, into the records beside the code.
"""

import click

from sheetgen.cli.build import build


def train_first(_: click.Context, __: click.Parameter, wanted: bool) -> None:
    """Train five seeds of our network; a run that stays below the target ends the build."""
    if wanted:
        from mnist.__main__ import main
        from mnist.record import RUNS

        main(["seeds", "--net", "ours", "--resume", "--records", str(RUNS)], standalone_mode=False)


build.params.append(
    click.Option(
        ["--train"], is_flag=True, expose_value=False, is_eager=True, callback=train_first,
        help="Train what the workbook reports on MNIST first: half an hour on two cores.",
    )
)  # fmt: skip

if __name__ == "__main__":
    build(prog_name="build.py")
