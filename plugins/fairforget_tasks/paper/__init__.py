"""The tables of Feng et al. 2025 (arXiv 2504.06658) as data: what they print, and what of it is laid beside what."""
