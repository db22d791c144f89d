"""Reading a finished .xlsx, whoever made it, and blanking what it remembers of its own results."""

from .blank import blank
from .package import UnreadableWorkbook
from .read import Entry, ErrorValue, Place, Sheets, Value, Workbook, read

__all__ = ["Entry", "ErrorValue", "Place", "Sheets", "UnreadableWorkbook", "Value", "Workbook", "blank", "read"]
