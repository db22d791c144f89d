"""Any workbook as a graph of Cells: what its formulas compute, in the terms that sheetgen itself differentiates."""

from .block import NotUnderstood
from .cone import Circular, Cone, cone, values
from .graph import Book
from .template import Formula, Place

__all__ = ["Book", "Circular", "Cone", "Formula", "NotUnderstood", "Place", "cone", "values"]
