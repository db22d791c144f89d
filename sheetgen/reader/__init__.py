"""Any workbook as a graph of Cells: what its formulas compute, in the terms that sheetgen itself differentiates."""

from sheetgen.reader.cone import Circular, Cone, cone, values
from sheetgen.reader.graph import Book
from sheetgen.reader.kinds import NotUnderstood
from sheetgen.reader.template import Formula, Place

__all__ = ["Book", "Circular", "Cone", "Formula", "NotUnderstood", "Place", "cone", "values"]
