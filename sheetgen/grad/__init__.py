"""The exact derivative of one cell of any workbook with respect to others, with a numeric check that shares nothing."""

from .result import Result, Row, grad
from .reverse import CannotDifferentiate

__all__ = ["CannotDifferentiate", "Result", "Row", "grad"]
