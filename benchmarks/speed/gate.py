"""Did a change make fairforget slower? Base and head, measured in turns.

    python benchmarks/speed/gate.py origin/main          # the working tree beside a commit
    python benchmarks/speed/gate.py BASE HEAD

runs the benchmarks of ``benchmarks/speed/gated`` on both; see docs/how-to/gate-your-regressions.md.
"""

from __future__ import annotations

import sys

from fairforget.testing.speed.__main__ import main

if __name__ == "__main__":
    sys.exit(main(tests="benchmarks/speed/gated", sources=("harness", "plugins")))
