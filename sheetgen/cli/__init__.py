"""The commands, a file for each; click and rich are imported here alone."""
