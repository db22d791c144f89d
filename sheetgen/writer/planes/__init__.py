"""Tensors of a traced network laid out as blocks of cells."""
