"""The judge of workbooks that somebody else made: it finds the network, differentiates it, and names the wrong cell."""
