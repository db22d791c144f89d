"""The tokens of a formula in the file's dialect: one regular expression, and what to say when it does not fit."""

import re

_END = r"(?![\w.?\\(\[!])"
TOKEN = re.compile(
    rf"""(?P<space>[ \t\r\n]+)
      | (?P<text>"[^"]*(?:""[^"]*)*")
      | (?P<error>\#(?:NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A))
      | (?P<array>\{{(?:[^{{}}"]|"[^"]*")*\}})
      | (?P<sheet>(?:'(?:[^']|'')+'|(?:\[\d+\])?(?:(?![A-Za-z]{{1,3}}\d+:)[^\W\d][\w.]*:)?[^\W\d][\w.]*|\[\d+\])!)
      | (?P<columns>\$?[A-Za-z]{{1,3}}:\$?[A-Za-z]{{1,3}}{_END})
      | (?P<rows>\$?\d+:\$?\d+{_END})
      | (?P<cell>\$?[A-Za-z]{{1,3}}\$?\d+{_END})
      | (?P<r1c1>(?:[Rr](?:\d+|\[-?\d+\])?[Cc](?:\d+|\[-?\d+\])?|[RrCc](?:\[-?\d+\])?){_END})
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d+)?(?![\w.]))
      | (?P<call>[^\W\d][\w.]*\()
      | (?P<table>(?:[^\W\d][\w.]*)?\[(?:[^\[\]']|'.|\[(?:[^\[\]']|'.)*\])*\])
      | (?P<name>[^\W\d][\w.?\\]*|\\[\w.?\\]*)
      | (?P<infix><>|<=|>=|[-+*/^&=<>])
      | (?P<mark>.)""",
    re.X | re.S,
)
_ITEM = r'\s*(?:[-+]?(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d+)?|"[^"]*(?:""[^"]*)*"|TRUE|FALSE|\#[A-Z/0!?]+)\s*'
ARRAY = re.compile(rf"\{{{_ITEM}(?:[,;]{_ITEM})*\}}", re.I)
STRING = re.compile(r'"[^"]*"')
COLUMN_ITEM = re.compile(r"\[((?:[^\[\]']|'.)*)\]")
BOOK = re.compile(r"'?(?:\[([^\]]*)\])?(.*?)'?", re.S)  # of a sheet prefix: the other workbook, the sheet
NAME_BEYOND = re.compile(r"[A-Za-z]+0*[1-9]\d*")  # XFE1 is no cell, so it may be a name
LIKE_CELL = re.compile(r"\$?[A-Za-z]{1,3}\$?\d+|[RrCc]|[Rr]\d*[Cc]\d*")

UNEXPECTED = {
    '"': 'a text has no closing quote: close it, and double every " inside it',
    "'": "a quoted sheet name is not closed or not followed by !: write 'Sheet name'!A1",
    "{": "a brace is out of place: array formulas are stored without {=...}, array constants are closed by }",
    "}": "a brace is out of place: array formulas are stored without {=...}",
    "[": "a [ is not closed: write A1 references and Table[column]",
    "]": "a ] has no [: remove it",
    "!": "a sheet name that is not a plain word must be quoted: write 'Sheet name'!A1",
    "#": "a spill reference is stored as _xlfn.ANCHORARRAY(A1): write that, or name the range",
    ";": "a semicolon is no argument separator in the file: write a comma",
}
