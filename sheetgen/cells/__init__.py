"""The calculus: the table of operators that Cells are made with."""
