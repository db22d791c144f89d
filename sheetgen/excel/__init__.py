"""The language of an Excel file: the formulas in it, and what they refer to. Nothing of networks is known here."""
