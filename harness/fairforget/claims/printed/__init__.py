"""Numbers that a paper prints, as data, and what was measured here laid beside them."""
