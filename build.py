"""Write the workbook: `python build.py`, or `python build.py TEMPLATE... -o FILE`. The same as `sheetgen build`."""

from sheetgen.__main__ import build

if __name__ == "__main__":
    build(prog_name="build.py")
