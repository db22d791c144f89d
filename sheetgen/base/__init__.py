"""The base of all rooms: errors, progress, texts, files and processes, with the standard library alone."""
