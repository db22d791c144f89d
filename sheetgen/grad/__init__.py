"""The exact derivative of one cell of any workbook with respect to others, and a check by differences beside it."""
