"""Findings of the literature as studies with verdicts: what is claimed, what is measured, and how sure that is."""
