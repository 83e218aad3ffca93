"""Study files: whatever stands in one, planning it ends with a plan or with a message."""

from __future__ import annotations

import copy

import pytest
import yaml
from hostile.asking import asked
from hostile.strategies import changed, part, places, spliced
from hostile.watching import run
from hostile.yaml_tricks import TRICKS
from hypothesis import given
from hypothesis import strategies as st

STUDY = {
    "name": "tiny",
    "task": {"name": "biographies", "people": 12, "samples": 3, "epochs": 1},
    "model": {"path": "./model", "dtype": "float32", "adapter": {"r": 2, "alpha": 4.0}, "seed": 0},
    "samplers": ["random", {"name": "binned", "by": "mrd", "bins": 3, "match": "length"}],
    "draws": 3,
    "forget_size": 3,
    "methods": ["untouched", {"name": "npo", "beta": 0.1, "label": "n", "optimizer": {"lr": 1.0e-4}}, "grad-diff"],
    "curricula": ["uniform", "mrd-weighted"],
    "seeds": 2,
    "budget": {"epochs": 2, "stop": {"rule": "memorization", "policy": "unseen"}},
    "optimizer": {"name": "adamw", "lr": 1.0e-4, "batch_size": 4},
    "evaluation": {"retain": 5, "max_new_tokens": 8},
    "engine": "local:2",
    "tuning": {"trials": 2, "draws": 1},
}
WORDS = (
    st.sampled_from(
        "tofu wmdp whp safe muse facts biographies checkpoint dpo kl-min rmu binned worst-case mrd".split()
    ),
    st.sampled_from("local:9 inline ray submitit inline:2 forget10 unseen memorization sgd sophia bfloat16".split()),
    st.sampled_from(
        ["./study.yaml", "../..", "~", "/dev/zero", "org/model", "length", "loss", "none", "sample", "group"]
    ),
)


def plan(home, content):
    file = home / "study.yaml"
    file.write_bytes(content)
    ended = run("run", file, "--dry-run", "--out", home / "out")
    assert ended.code in {0, 2}
    assert [path.name for path in home.iterdir()] == ["study.yaml"]


@asked()
@given(data=st.data())
def test_any_values_in_a_study(home, data):
    content = data.draw(changed(STUDY, words=WORDS))
    text = yaml.safe_dump(content, allow_unicode=data.draw(st.booleans()), sort_keys=False)
    plan(home, text.encode(errors="surrogatepass"))


@asked()
@given(data=st.data())
def test_any_bytes_in_a_study(home, data):
    plan(home, data.draw(spliced(yaml.safe_dump(STUDY, sort_keys=False).encode(), TRICKS)))


@asked()
@given(settings=st.lists(st.text(max_size=30) | st.sampled_from(["budget.epochs=1", "name=../x", "=", "a.b.c=!!x"])))
def test_any_settings_of_a_study(home, settings):
    (home / "study.yaml").write_text(yaml.safe_dump({k: v for k, v in STUDY.items() if k != "model"}))
    more = [part for setting in settings for part in ("--set", setting) if not setting.startswith("-")]
    assert run("run", home / "study.yaml", "--dry-run", *more).code in {0, 2}


NUMBERS = [path for path in places(STUDY) if type(part(STUDY, path)) in {int, float}]


@pytest.mark.parametrize("path", NUMBERS, ids=lambda path: ".".join(map(str, path)))
@pytest.mark.parametrize("number", [10**6, 2**31, 2**63 - 1])
def test_no_number_takes_time_or_memory_without_end(home, path, number):
    content = copy.deepcopy(STUDY)
    part(content, path[:-1])[path[-1]] = number
    plan(home, yaml.safe_dump(content, sort_keys=False).encode())


@pytest.mark.parametrize("bit", TRICKS, ids=lambda bit: bit[:20].decode("latin-1").encode("unicode_escape").decode())
def test_each_trick_of_yaml_alone(home, bit):
    plan(home, b"name: " + bit + b"\n")
    plan(home, bit)
