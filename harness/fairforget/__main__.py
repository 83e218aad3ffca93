"""``python -m fairforget``."""

from __future__ import annotations

import sys

from fairforget.cli import main

if __name__ == "__main__":
    sys.exit(main())
