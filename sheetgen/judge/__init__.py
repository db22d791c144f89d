"""Is a workbook of ours right? What the check needs, beside the engines, the linter and PyTorch."""
