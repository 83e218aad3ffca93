"""The update loop of a cell, and what a method sees of it."""
