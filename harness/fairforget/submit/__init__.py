"""From the folder of a run to the published results, and the check that nothing published was touched."""
