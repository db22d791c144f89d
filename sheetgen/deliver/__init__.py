"""Write a workbook, have it judged, and only then move it into place."""
