"""Judge formulas written as text beside the table."""
