"""What came of claims, as a page and as Markdown, from ``claims.json`` and the claim files alone."""
