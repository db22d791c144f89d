"""Networks made of Cells: their layers, their derivation, and one step of their training."""
