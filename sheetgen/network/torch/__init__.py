"""PyTorch modules as graphs: traced, recorded, and named as PyTorch names them."""
