"""An Excel file and its language: reading and blanking it, its formulas, and what they refer to; no network in it.

tokens (lexer) -> formula (grammar, postfix) -> skeleton (looked at once, keys) -> names (areas); functions: the facts.
How each reader of formulas stands on it, in a few lines:

Calculate (reader, compiled): a plan for all cells of one skeleton, then the areas of each cell.
    skeleton, corners = cut(text)                               # raises FormulaError
    resolved = resolver.resolve(skeleton, sheet, place(at))     # names, tables and sheets looked up, from memory
    if resolved.unknown: refuse(resolved.unknown.why)
    areas = resolved.areas(corners, sheet, place(at))           # raises Unresolved
    for item in resolved.code: ...                              # Slot(n) is areas[n]; Literal, Operator, Call, Array

Judge (lint): what is fatal is an error of the grammar, all else is read off the postfix, once for a filled-down column.
    try: skeleton, _ = cut(text, top_union)
    except FormulaError as error: return [(error.rule, error.message)]
    for item in skeleton.code: ...          # stack of (range, value or empty; its text); Cells.prefix, Name, tables
    FUNCTIONS[item.name].wants_range(k, item.operands), returns_range(item.spelled), skeleton.levels > 64

Hand on as text (engines/dialect, audit/write; engines/iron: `tokens` alone): tokens, references in one piece.
    skeleton, corners = cut(text)                               # one group for all that have skeleton and shapes
    for kind, piece, start in pieces(text): ...                 # 'reference' S!$A$1:B2, 'name' S!eta, 'call' SUM(
    BY_PLACE.intersection(skeleton.calls)                       # functions that look at addresses
    resolved, areas = resolver.read(text, sheet, place(at))     # Unknown.error: what Excel shows instead

Follow (audit/find/precedents, grad/blind): the cells that a formula names, understood or not.
    for area in resolver.areas(text, sheet, place(at)): ...     # what cannot be told is left out
    resolved.unknown and not resolved.unknown.external          # or: it cannot be told
    ELSEWHERE.intersection(resolved.calls)                      # INDIRECT, OFFSET

Compare (judge/columns; audit/network/columns: `mover` and `corner` alone): one formula filled down or right.
    key(text, row, column)                                      # equal for cells that Fill Down makes of one another
    mover(text)(3, 0)                                           # the text three rows below

Name (grad/where, carried, charts): what a person or a part of the file calls a range.
    resolver.area("'My sheet'!B2:B9", sheet)                    # or a name, or Table[column]; raises Unresolved
    resolver.sheet(name)                                        # as the workbook spells it, None if there is none
"""

from sheetgen.excel.blank import blank
from sheetgen.excel.package import UnreadableWorkbook
from sheetgen.excel.read import Entry, ErrorValue, Place, Sheets, Value, Workbook, read

__all__ = ["Entry", "ErrorValue", "Place", "Sheets", "UnreadableWorkbook", "Value", "Workbook", "blank", "read"]
