"""Any workbook as a graph of Cells: what its formulas compute, in the terms that sheetgen itself differentiates."""

from sheetgen.reader.cone import Circular, Cone, cone, values
from sheetgen.reader.graph import Formulas
from sheetgen.reader.kinds import NotUnderstood
from sheetgen.reader.template import CellFormula, Place

__all__ = ["CellFormula", "Circular", "Cone", "Formulas", "NotUnderstood", "Place", "cone", "values"]
