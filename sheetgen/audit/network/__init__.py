"""Judge the numbers of a network: forward, gradients, updates, and the smallest edit that mends a formula."""
