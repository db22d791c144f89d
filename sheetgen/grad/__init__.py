"""The exact derivative of one cell of any workbook with respect to others, and a check by differences beside it."""

from .result import Result, Row, grad
from .reverse import CannotDifferentiate

__all__ = ["CannotDifferentiate", "Result", "Row", "grad"]
