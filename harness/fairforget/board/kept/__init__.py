"""Records as boards need them: a few hundred bytes of tens of thousands, and an index that keeps them."""
