"""The exact derivative of one cell of any workbook with respect to others, and a check that shares nothing with it.

The check is an engine's, which is handed in: it recalculates the workbook for other inputs.
"""
