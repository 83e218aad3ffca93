"""Opening studies: by file and by name, settings of the command line, paths, and writing them out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.api import PluginSpec
from fairforget.errors import FairforgetError
from fairforget.names import UnknownName
from fairforget.study.load import dump, load_study, open_study, parse_study
from fairforget.study.override import parse_setting
from fairforget.study.schema import Study
from fairforget.study.yaml_lines import parse_yaml

FIXED = settings(derandomize=True, deadline=None, max_examples=200)


@pytest.fixture
def study_file(tmp_path, study_text):
    path = tmp_path / "studies" / "small.yaml"
    path.parent.mkdir()
    path.write_text(study_text, encoding="utf-8")
    return path


def refusal(*args, **kwargs):
    with pytest.raises(FairforgetError) as caught:
        open_study(*args, **kwargs)
    return str(caught.value)


def test_by_file(study_file):
    assert load_study(study_file).name == "small"
    assert load_study(str(study_file)).name == "small"


def test_a_file_may_have_any_name(study_file):
    renamed = study_file.rename(study_file.with_name("quickstart"))
    assert load_study(str(renamed)).name == "small"


def test_messages_name_the_file_as_the_user_did(study_file, monkeypatch):
    monkeypatch.chdir(study_file.parent)
    study_file.write_text("name: small\nbudget: {epcohs: 3}\n", encoding="utf-8")
    assert "small.yaml:2: budget.epcohs: unknown key" in refusal("small.yaml")


def test_a_missing_file(study_file):
    folder = study_file.parent
    assert (
        refusal(str(folder / "smal.yaml")) == f"{folder}/smal.yaml: there is no such file. That folder has small.yaml."
    )
    assert refusal("nowhere/at/all.yaml") == "nowhere/at/all.yaml: there is no such file."
    assert refusal(folder) == f"{folder}: a folder; name the study file in it"
    assert refusal("a\0b.yaml").endswith("is neither a file nor the name of a study")


def test_by_name(study_file, registry):
    class WithStudies(type(registry)):
        def path(self, entry):
            assert entry.name == "quickstart"
            return study_file

    registry.__class__ = WithStudies
    registry.add("study", "quickstart", Study)
    assert load_study("quickstart", registry).name == "small"
    assert load_study("fairforget/quickstart", registry).name == "small"
    with pytest.raises(UnknownName, match=r"Unknown study 'quickstrat'\. Did you mean 'quickstart'\?"):
        load_study("quickstrat", registry)


def test_studies_that_a_plugin_ships_are_found_through_the_real_registry(tmp_path, study_text, monkeypatch):
    from fairforget.registry import Registry

    package = tmp_path / "shipping_studies"
    (package / "studies").mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "studies" / "one.yaml").write_text(study_text + "model: {path: ./base}\n", encoding="utf-8")
    (tmp_path / "secret.yaml").write_text(study_text, encoding="utf-8")
    plugin = tmp_path / "shipper.py"
    plugin.write_text(
        "from fairforget import Entry, hookimpl\n"
        "@hookimpl\n"
        "def fairforget_studies():\n"
        "    return [Entry('one', 'shipping_studies:studies/one.yaml'),\n"
        "            Entry('outside', 'shipping_studies:../secret.yaml')]\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    found = Registry.discover([plugin])
    assert load_study("one", found).model.path == str(package / "studies" / "base")
    assert "leaves the folder of its package" in refusal("outside", found)


def test_paths_are_relative_to_the_file(study_file, monkeypatch, tmp_path):
    text = study_file.read_text(encoding="utf-8").replace(
        "task: people", "task: {name: people, data: ../data, deep: [{at: ./x}, plain/y, .z, ..w]}"
    )
    study_file.write_text(text + "model: {path: ./models/base}\n", encoding="utf-8")
    monkeypatch.chdir("/")
    study = load_study(study_file)
    assert study.task.options == {
        "data": str(tmp_path / "data"),
        "deep": [{"at": str(tmp_path / "studies" / "x")}, "plain/y", ".z", "..w"],
    }
    assert study.model.path == str(tmp_path / "studies" / "models" / "base")


def test_paths_in_settings_are_relative_to_the_current_folder(study_file, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert load_study(study_file, None, ["task.data=./here", "model.path=org/name"]).task == PluginSpec(
        "people", {"data": str(tmp_path / "here")}
    )


@pytest.mark.parametrize(
    ("setting", "check"),
    [
        ("draws=7", lambda s: s.draws == 7),
        ("budget.epochs=1e-1", lambda s: s.budget.amount == 0.1),
        ("task.split=forget05", lambda s: s.task == PluginSpec("people", {"split": "forget05"})),
        ("methods.1.beta=0.3", lambda s: s.methods[1].spec == PluginSpec("sleepy", {"beta": 0.3})),
        ("methods.1=ascent", lambda s: s.methods[1].name == "ascent"),
        ("methods=[ascent]", lambda s: len(s.methods) == 1),
        ("methods.2.draws=1", lambda s: s.methods[2].draws == 1),
        ("evaluation.retain=5", lambda s: s.evaluation.retain == 5),
        ("budget.stop.policy=retrain", lambda s: s.budget.stop.policy == "retrain"),
        ("budget={updates: 3}", lambda s: s.budget.kind == "updates"),
        (" seeds =2", lambda s: s.seeds == 2),
        ("name='1'", lambda s: s.name == "1"),
    ],
)
def test_settings(study_text, setting, check):
    assert check(parse_study(study_text, settings=[setting]).study)


def test_later_settings_win(study_text):
    assert parse_study(study_text, settings=["draws=7", "draws=8"]).study.draws == 8
    study = parse_study(study_text, settings=["methods=[{name: sleepy, beta: 1}]", "methods.0.beta=2"]).study
    assert study.methods[0].spec == PluginSpec("sleepy", {"beta": 2})


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("draws", "--set draws: write key=value, for example --set budget.epochs=5"),
        ("=3", "--set =3: write key=value"),
        ("a..b=3", "--set a..b=3: write key=value"),
        ("methods.9.x=1", "--set methods.9.x=1: methods is a list with the positions 0 … 2, not 9"),
        ("methods.x=1", "--set methods.x=1: methods is a list with the positions 0 … 2, not 'x'"),
        ("draws.x=1", "--set draws.x=1: draws is a plain value and has no 'x' inside"),
        ("name.x=1", "--set name.x=1: name is a plain value and has no 'x' inside"),
        ("draws=[1", "--set draws=[1:1: not valid YAML: "),
        ("drwas=3", "--set drwas=3: drwas: unknown key. Did you mean 'draws'?"),
        ("budget.epcohs=3", "--set budget.epcohs=3: budget.epcohs: unknown key. Did you mean 'epochs'?"),
        ("optimizer.lr=fast", "--set optimizer.lr=fast: optimizer.lr: must be a number, not the text 'fast'"),
        ("a\x1b=3", "--set 'a\\x1b=3': "),
    ],
)
def test_wrong_settings(study_text, setting, expected):
    with pytest.raises(FairforgetError) as caught:
        parse_study(study_text, "study.yaml", [setting])
    assert str(caught.value).startswith(expected)
    assert "\n" not in str(caught.value)


def test_faults_of_the_file_come_before_those_of_the_command_line(study_text):
    with pytest.raises(FairforgetError) as caught:
        parse_study(study_text.replace("lr: 1e-5", "lr: x"), "study.yaml", ["draws=x"])
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == ["study.yaml", "--set draws=x"]


def test_dump_writes_every_default_and_loads_again(study_text):
    study = parse_study(study_text).study
    text = dump(study)
    assert parse_yaml(text, "x").value["optimizer"]["betas"] == [0.9, 0.999]
    assert parse_yaml(text, "x").value["evaluation"]["batch_tokens"] is None
    assert parse_study(text).study == study
    assert dump(parse_study(text).study) == text


TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=12).filter(
    lambda text: not text.startswith(("./", "../")) and text not in {".", ".."}
)
NAME = TEXT.filter(bool)
PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), TEXT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
POSITIVE = st.floats(1e-12, 1e12)
COUNT = st.integers(1, 10**6)


def optional(**keys):
    return st.fixed_dictionaries({}, optional=keys)


SPEC = st.one_of(
    NAME, st.builds(lambda name, options: {**options, "name": name}, NAME, st.dictionaries(NAME, PLAIN, max_size=3))
)
MODULES = TEXT.filter(bool).map(re.escape) | st.lists(TEXT.filter(bool), min_size=1)
OPTIMIZER = {
    "weight_decay": st.floats(0, 1),
    "max_grad_norm": st.none() | POSITIVE,
    "betas": st.lists(st.floats(0, 0.9999), min_size=2, max_size=2),
    "eps": POSITIVE,
    "warmup": st.integers(0, 100),
}
METHOD = st.one_of(
    NAME,
    st.builds(
        lambda options, harness: {**options, **harness},
        st.dictionaries(NAME.filter(lambda key: key not in {"label", "draws", "optimizer"}), PLAIN, max_size=3),
        st.fixed_dictionaries(
            {"name": NAME},
            optional={
                "label": st.none() | NAME,
                "draws": st.none() | COUNT,
                "optimizer": st.none() | optional(lr=POSITIVE, batch_size=COUNT, **OPTIMIZER),
            },
        ),
    ),
)
STUDIES = st.fixed_dictionaries(
    {
        "name": st.from_regex(r"\A[a-z0-9]{1,8}(-[a-z0-9]{1,8})?\Z"),
        "task": SPEC,
        "forget_size": COUNT,
        "methods": st.lists(METHOD, min_size=1, max_size=3),
        "budget": st.one_of(
            st.fixed_dictionaries({"epochs": POSITIVE}, optional={"stop": st.none() | optional(every=COUNT, n=COUNT)}),
            st.fixed_dictionaries({"updates": COUNT}),
            st.fixed_dictionaries({"forward_equivalents": COUNT}),
        ),
        "optimizer": st.fixed_dictionaries({"lr": POSITIVE, "batch_size": COUNT}, optional=OPTIMIZER),
    },
    optional={
        "model": st.one_of(
            optional(seed=st.integers(0, 2**62)),
            st.fixed_dictionaries(
                {"path": NAME},
                optional={
                    "revision": TEXT,
                    "dtype": st.sampled_from(["float32", "bfloat16"]),
                    "adapter": st.fixed_dictionaries({"r": COUNT}, optional={"target_modules": MODULES}),
                },
            ),
        ),
        "samplers": st.lists(SPEC, min_size=1, max_size=2),
        "curricula": st.lists(SPEC, min_size=1, max_size=2),
        "draws": st.integers(1, 10_000),
        "unit": st.sampled_from([None, "group", "sample"]),
        "seeds": st.integers(1, 1000),
        "evaluation": optional(retain=st.none() | COUNT, batch_tokens=st.none() | COUNT),
        "engine": st.sampled_from(["local", "local:3", "acme/slurm:12"]),
    },
)


@settings(FIXED, max_examples=60)
@given(STUDIES)
def test_any_study_survives_being_written_and_read(study):
    from fairforget.study.yaml_core import to_yaml

    loaded = parse_study(to_yaml(study)).study
    assert parse_study(dump(loaded)).study == loaded
    assert dump(parse_study(dump(loaded)).study) == dump(loaded)


@FIXED
@given(st.one_of(st.binary(max_size=300), st.text("abc:[]{}-,'\"\n \t&*!?|>#", max_size=80)))
def test_any_file_is_a_study_or_a_message(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(FairforgetError):
        open_study(path)


@FIXED
@given(st.text(max_size=40))
def test_any_setting_is_read_or_refused(text):
    try:
        said = parse_setting(text).source
    except FairforgetError as error:
        said = str(error)
    assert said.startswith("--set ")
    assert said.isprintable()


def test_texts_are_not_taken_for_paths_by_accident():
    study = parse_study(
        "name: a\ntask: {name: t, prompt: '...and then', ref: HF/x, up: ..}\nforget_size: 1\nmethods: [m]\n"
        "budget: {updates: 1}\noptimizer: {lr: 1, batch_size: 1}\n",
        folder=Path("/data/studies"),
    ).study
    assert study.task.options == {"prompt": "...and then", "ref": "HF/x", "up": "/data"}
