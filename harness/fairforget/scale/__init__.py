"""What a study costs on paper: FLOPs, bytes, files and seconds, for models and studies that were not run.

Formulas and published sizes only; importing it imports no torch. docs/explanation/scale.md has the tables, and says how
they were checked.
"""
