"""What is looked at between updates: trajectories, stops, matched completeness."""
