"""How much memory a study needs, from its plan alone, and how much there is; importing this imports no torch."""
