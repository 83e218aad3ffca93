"""The target model and its oracles: how they are trained, named and kept."""
