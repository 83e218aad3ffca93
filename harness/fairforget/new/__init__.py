"""``fairforget new``: distributions to begin a plugin from."""
