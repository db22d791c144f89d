"""One file for each kind of sheet that a person sees."""
