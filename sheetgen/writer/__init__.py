"""Workbooks: where Cells stand on sheets, and what else a person sees there."""
