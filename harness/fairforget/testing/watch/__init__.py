"""What a plugin does beside its work: to files, the network, random generators, the model and the data."""
