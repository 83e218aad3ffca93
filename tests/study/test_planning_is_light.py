"""Planning loads the classes of plugins; it must not load what only running needs."""

import subprocess
import sys
import textwrap

CODE = """
import sys
from fairforget.registry import Registry
from fairforget.run import session
from fairforget.study.load import open_study
from fairforget.study.planning import make_plan

registry = Registry.discover()
opened = open_study("quickstart", registry)
plan = make_plan(opened.study, registry, opened.places)
plan.task.plugin.corpus().digest()
heavy = {"torch", "transformers", "datasets", "lm_eval", "pandas", "scipy.stats", "optuna"}
print(len(plan), sorted(heavy & set(sys.modules)))
"""


def test_the_quickstart_is_planned_without_torch():
    ran = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "72 []"


def test_planning_first_party_methods_imports_no_torch(tmp_path):
    script = textwrap.dedent(
        """
        import sys
        from fairforget.registry import Registry
        from fairforget.study.load import parse_study
        from fairforget.study.planning import make_plan
        from fairforget.api import PluginSpec
        from fairforget.study.options import build
        registry = Registry.discover()
        assert "torch" not in sys.modules
        for name in ("untouched", "retrain", "grad-ascent", "grad-diff", "npo", "idk"):
            build(registry, "method", PluginSpec(name))
        heavy = {"torch", "transformers", "datasets"} & set(sys.modules)
        assert not heavy, heavy
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_reading_a_study_imports_nothing_heavy():
    script = (
        "import sys, fairforget.study.load, fairforget.study.planning, fairforget.study.cell, fairforget.study.draws\n"
        "heavy = {'torch', 'transformers', 'datasets', 'numpy', 'scipy', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
