"""What every room may use: errors, progress, texts and files, with the standard library alone."""
