"""sheetgen: neural networks that train in live spreadsheet cells, proven equal to PyTorch autograd."""

__version__ = "0.1.0"
