"""From a study file to a plan of cells, and the identity of a cell."""
