"""Measuring the model of a cell, with each text run once."""
