"""Conversations in cells, which newer versions of Excel show instead of a cell's comment: a reply to them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import quoteattr

from sheetgen.excel.insert import Edits, Source, tree
from sheetgen.excel.listed import Relations
from sheetgen.excel.notes import AUTHOR, escaped

PERSON = f"{{{uuid5(NAMESPACE_URL, AUTHOR)}}}".upper()


def reply(book: Source, edits: Edits, sheet: Relations, texts: Mapping[str, str]) -> None:
    """Add a text to the conversation of each cell that has one. Raises UnreadableWorkbook."""
    thread, people = sheet.first("threadedComment"), Relations(book, book.workbook()).first("person")
    if thread is None or people is None:
        return
    part = book.real(thread.target) or thread.target
    root, _ = tree(book, part)
    added = ""
    for cell, text in texts.items():
        there = [e.attributes for e in root.all("threadedComment") if e.attributes.get("ref", "").upper() == cell]
        parents = [attributes["id"] for attributes in there if "id" in attributes and "parentId" not in attributes]
        if parents:  # the time is that of the last word: a copy is the same whenever it is made
            time = f" dT={_quoted(there[-1]['dT'])}" if "dT" in there[-1] else ""
            id = f"{{{uuid5(NAMESPACE_URL, f'{part} {cell} {len(there)}')}}}".upper()
            added += (
                f'<threadedComment ref="{cell}"{time} personId="{PERSON}" id="{id}" parentId={_quoted(parents[0])}>'
            )
            added += f"<text>{escaped(text)}</text></threadedComment>"
    if added:
        edits.within(part, root, root.prefixed(added))
        _introduce(book, edits, book.real(people.target) or people.target)


def _introduce(book: Source, edits: Edits, part: str) -> None:
    """Name who replies among the people of the workbook, once."""
    root, _ = tree(book, part)
    if part not in edits.inserts and all(person.attributes.get("id") != PERSON for person in root.all("person")):
        person = f'<person displayName="{AUTHOR}" id="{PERSON}" userId="{AUTHOR}" providerId="None"/>'
        edits.within(part, root, root.prefixed(person))


def _quoted(value: str) -> str:
    return quoteattr(value).encode("ascii", "xmlcharrefreplace").decode()
