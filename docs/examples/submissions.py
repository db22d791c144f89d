"""Make the three workbooks that README.md has judged: `python docs/examples/submissions.py`.

Ada's is right; Ben has the commonest slip of the exercise in one column; in Cleo's the learning rate slides off its
cell. They are made by what makes the workbooks of the tests.
"""

import sys
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

import judge_books
from judge_grid import Book
from judge_rest import DEFECTS

FOLDER = Path(__file__).resolve().parent / "submissions"
PEOPLE = {  # name -> (which right workbook, the defect put into it)
    "ada": (0, ""),
    "ben": (6, "gradient: the other unit's a*(1-a)"),
    "cleo": (30, "rate: slides off its cell"),
}


def submission(name: str) -> Book:
    """The workbook of one of PEOPLE, its results calculated."""
    number, defect = PEOPLE[name]
    rng = Random(f"docs {number}")
    book = judge_books.book(rng, "class")
    if defect:
        assert DEFECTS[defect].make(rng, book, book.grids[0]), f"{name}'s workbook does not take the defect"
        book.calculate()
    return book


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in PEOPLE:
        print(submission(name).write(FOLDER / f"{name}.xlsx"))
