"""Find tables of training by their labels, by a place that is named, or by their formulas."""
