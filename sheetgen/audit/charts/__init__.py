"""Read the charts of a stranger's workbook, and judge what they show."""
