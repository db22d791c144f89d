"""The linter's vocabulary: a problem, and every rule with its one-line meaning."""

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that Excel would repair, or that this house does not allow.

    `sheet` is the sheet's name, or the part of the package where there is no sheet; `cell` is '' where there is none;
    `message` is one sentence that ends with the remedy.
    """

    rule: str
    sheet: str
    cell: str
    message: str


Finding = tuple[str, str, str]  # rule, cell, message: a Problem of a sheet that is known

RULES: dict[str, str] = {
    # the package
    "package": "the file is a zip with one workbook in it, which can be read without harm",
    "zip-duplicate": "no part is stored twice",
    "xml-syntax": "every XML part is well formed UTF-8 and has no DTD",
    "xml-character": "no control characters or other characters that XML forbids",
    "content-type": "[Content_Types].xml names every part that is there, with its own type, and no other",
    "relationship": "relationships lead to parts that exist, have unique ids, and every r:id has one",
    "orphan-part": "every part is reached by a relationship",
    # the workbook
    "sheet-name": "1 to 31 characters, none of []:*?/\\, no apostrophe at either end, unique ignoring case",
    "active-tab": "the active tab exists, is visible and is the only selected one",
    "date-system": "dates count from 1900, not 1904",
    "external-link": "no links to other workbooks",
    "name-syntax": "a defined name has at most 255 allowed characters and does not look like a cell",
    "name-duplicate": "a defined name or table name is unique in its scope, ignoring case",
    "name-target": "a defined name refers to existing sheets, by name",
    "print-target": "print areas and titles lie on their own, existing sheet",
    "shared-strings": "shared-string indexes and counts are right",
    "calc-chain": "calcChain lists only cells that hold a formula",
    "style-index": "every cell format, font, fill, border and number format that is referred to exists",
    "number-format": "at most 255 characters and 4 sections, quotes and brackets closed",
    "cell-formats": "at most 65,490 cell formats",
    # formulas
    "formula-syntax": "the formula parses: brackets, quotes, operators, commas between arguments",
    "formula-equals": "no leading = in the file",
    "formula-r1c1": "A1 references only",
    "formula-length": "at most 8,192 characters",
    "formula-nesting": "at most 64 levels of functions",
    "formula-arguments": "at most 255 arguments",
    "argument-count": "a function has a number of arguments that Excel accepts",
    "argument-reference": "an argument that must be a range is one (COUNTIF, SUMIF, OFFSET, ...)",
    "unknown-function": "the function exists in Excel",
    "future-prefix": "functions added since Excel 2010 are written with _xlfn.",
    "newer-than-2010": "nothing that Excel 2010 does not have (dynamic arrays, XLOOKUP, IFNA, LET, ...)",
    "portability": "no FIXED, no INDEX with a single index, no TEXT with a decimal sign in its format",
    "implicit-at": "no @ in the file: Excel stores it as _xlfn.SINGLE() or [#This Row]",
    "reference-range": "references end at XFD1048576",
    "missing-sheet": "a formula refers to sheets that exist",
    "undefined-name": "every name, table and table column in a formula is defined",
    "dead-reference": "no #REF! in a formula, name, chart or link",
    "string-literal": "a text in a formula has at most 255 characters",
    "shared-formula": "a shared formula has its first cell",
    # cells
    "cell-address": "a cell's address lies in its row and on the sheet",
    "cell-order": "rows and cells ascend",
    "cell-duplicate": "no row or cell twice",
    "number-value": "a number is finite and not empty, a truth value is 0 or 1",
    "error-value": "an error is one that Excel has",
    "string-length": "at most 32,767 characters",
    # the sheet around the cells
    "merge-overlap": "merged ranges overlap neither each other nor a table",
    "table-overlap": "tables do not overlap",
    "table-header": "a table's column names are unique and equal its header cells",
    "table-name": "a table's name is a valid name",
    "validation-text": "titles up to 32 characters, messages and lists up to 255",
    "validation-formula": "no unions, intersections or array constants in a data validation",
    "validation-overlap": "no cell has two data validations",
    "format-priority": "conditional formats of a sheet have different priorities",
    "format-formula": "no other sheet, union, intersection or array constant in a conditional format (Excel 2010)",
    "format-index": "a conditional format's or table's dxfId exists",
    "link-target": "internal links lead to an existing sheet or name",
    "link-length": "links up to 2,083 characters, their text and tip up to 255",
    "link-count": "at most 65,530 links on a sheet",
    "header-footer": "headers and footers up to 255 characters",
    "column-width": "widths up to 255, column spans ascend and do not overlap",
    "row-height": "heights up to 409.5 points, with a default height",
    "freeze-panes": "frozen panes split at whole cells and show what lies beyond the split",
    # drawings
    "chart-reference": "a series refers to cells of an existing sheet",
    "chart-series": "at most 255 series in a chart",
    "chart-marker": "marker sizes from 2 to 72",
    "chart-title": "titles up to 255 characters",
    "alt-text": "every picture and chart has a description",
    "anchor": "a drawing's corners lie on the sheet, the first before the second",
}

# Excel opens a file that breaks these without a word: they are promises of this house to its readers.
HOUSE = frozenset({"alt-text", "newer-than-2010", "external-link", "date-system", "dead-reference"})
