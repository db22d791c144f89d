"""Is a finished workbook right? It imports nothing of what writes one."""
