"""Several runs of one study: who runs which cell, and parts of a study for machines that do not see each other."""
