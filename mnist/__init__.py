"""MNIST in fewer than 20,000 parameters: training, honest records, and the sheets that report them."""
