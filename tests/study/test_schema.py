"""What a study file may say, and the message for everything else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.api import PluginSpec
from fairforget.errors import FairforgetError
from fairforget.study.load import dump, parse_study
from fairforget.study.places import StudyError
from fairforget.study.schema import optimizer_of
from fairforget.study.spec import engine_json, engine_spec

DESIGN = """\
name: tofu-small
task: {name: tofu, split: forget10, data: ../shared/data/tofu}     # options of a plugin stand beside its name
model: {path: HuggingFaceTB/SmolLM2-135M-Instruct}                 # hub id or folder
samplers:
  - random
  - {name: binned, by: mrd, bins: 3, match: length}          # easy, medium, hard, of equal length
draws: 10                    # forget sets a stratum
forget_size: 40              # samples; rounded to whole groups where the task has groups
methods: [untouched, retrain, grad-ascent, grad-diff, {name: npo, beta: 0.1}, idk]
curricula: [uniform, mrd-weighted]
seeds: 2
budget: {epochs: 5, stop: {rule: memorization, policy: unseen}}
optimizer: {name: adamw, lr: 1.0e-5, batch_size: 8}
"""
ALL_KEYS = (
    "budget, curricula, description, disjoint, draws, engine, evaluation, forget_size, methods, model, name, "
    "optimizer, samplers, seeds, task, trajectory, tuning, unit"
)


def messages(text, *sets):
    with pytest.raises(StudyError) as caught:
        parse_study(text, "study.yaml", sets)
    return list(caught.value.messages)


def test_a_whole_study():
    study = parse_study(DESIGN, "study.yaml").study
    assert study.samplers == (PluginSpec("random"), PluginSpec("binned", {"by": "mrd", "bins": 3, "match": "length"}))
    assert study.methods[4].spec == PluginSpec("npo", {"beta": 0.1})
    assert (study.budget.kind, study.budget.amount) == ("epochs", 5)
    assert study.optimizer.lr == 1e-5
    assert study.budget.stop is not None
    assert study.budget.stop.policy == "unseen"


def test_defaults(study_text):
    study = parse_study(study_text).study
    assert study.samplers == (PluginSpec("random"),)
    assert study.curricula == (PluginSpec("uniform"),)
    assert (study.draws, study.seeds, study.unit, study.engine) == (3, 1, None, PluginSpec("local"))
    assert study.optimizer.model_dump() == {
        "name": "adamw",
        "lr": 1e-5,
        "batch_size": 4,
        "weight_decay": 0.0,
        "max_grad_norm": None,
        "betas": (0.9, 0.999),
        "eps": 1e-8,
        "warmup": 0,
        "rho": None,
        "hessian": None,
        "hessian_every": None,
        "adapter": None,
        "micro_batch_size": None,
    }
    assert study.model_json() == {
        "path": None,
        "revision": None,
        "gguf_file": None,
        "dtype": "float32",
        "adapter": None,
        "seed": 0,
        "gradient_checkpointing": False,
        "trust_remote_code": False,
    }
    assert parse_study(study_text.replace("draws: 3\n", "")).study.draws == 20


def test_description_and_engine_make_no_other_study(study_text):
    plain = parse_study(study_text).study
    told = parse_study(study_text, settings=["description=What is run.", "engine=inline"]).study
    assert told.description == "What is run."
    assert parse_study(dump(told)).study == told
    assert told.identity() == plain.identity()
    assert parse_study(study_text, settings=["seeds=7"]).study.identity() != plain.identity()


def test_a_study_is_frozen(study_text):
    study = parse_study(study_text).study
    with pytest.raises(ValueError, match="frozen"):
        study.draws = 4


def test_an_unknown_key_has_line_name_guess_and_choices():
    assert messages(DESIGN.replace("epochs: 5", "epcohs: 5")) == [
        "study.yaml:12: budget.epcohs: unknown key. Did you mean 'epochs'? "
        "Allowed: completeness, epochs, every, forward_equivalents, stop, updates."
    ]


def test_all_faults_are_listed_in_the_order_of_the_file():
    text = DESIGN.replace("adamw", "adm").replace("draws: 10 ", "draws: '10'").replace("forget_size", "forget_sise")
    assert messages(text) == [
        "study.yaml:1: the key forget_size is missing",
        "study.yaml:7: draws: must be an integer, not the text '10'",
        f"study.yaml:8: forget_sise: unknown key. Did you mean 'forget_size'? Allowed: {ALL_KEYS}.",
        "study.yaml:13: optimizer.name: must be 'adamw', 'sgd' or 'sophia', not the text 'adm'. Did you mean 'adamw'?",
    ]


def test_a_key_and_its_value_have_each_their_line(study_text):
    assert messages(study_text.replace("draws: 3", "draws:\n  x"))[0].startswith("study.yaml:5: draws: must be")
    assert messages(study_text.replace("draws: 3", "darws:\n  x"))[0].startswith("study.yaml:4: darws: unknown key")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", "study.yaml:1: a study is a mapping of keys, not a list"),
        ("", "study.yaml:1: a study is a mapping of keys, not null"),
        ("x", "study.yaml:1: a study is a mapping of keys, not the text 'x'"),
        ("3", "study.yaml:1: a study is a mapping of keys, not 3"),
    ],
)
def test_what_is_no_mapping(text, expected):
    assert messages(text) == [expected]


CHANGES = {
    "name=Tofu Small": "name: must be lower-case letters and digits, joined by '-', '_' or '.', at most 80, "
    "not the text 'Tofu Small'",
    "name=../../etc": "name: must be lower-case letters and digits, joined by '-', '_' or '.'",
    "name=.hidden": "name: must be lower-case letters",
    "name=": "name: must be a text, not null",
    "task=3": "task: must be the name of a plugin, or a mapping with its name and options, not 3",
    "task={split: x}": "task: has no name; write {name: …} with the plugin's options beside it",
    "samplers=[]": "samplers: must have at least 1 entry",
    "samplers=random": "samplers: must be a list, not the text 'random'",
    "samplers=[random, 3]": "samplers.1: must be the name of a plugin, or a mapping with its name and options, not 3",
    "draws=0": "draws: must be greater than or equal to 1, not 0",
    "draws=100000": "draws: must be less than or equal to 10000, not 100000",
    "forget_size=true": "forget_size: must be an integer, not true",
    "forget_size=8.0": "forget_size: must be an integer, not 8.0",
    "unit=groups": "unit: must be 'group' or 'sample', not the text 'groups'. Did you mean 'group'?",
    "methods=[]": "methods: must have at least 1 entry",
    "methods.1=[a]": "methods.1: must be the name of a plugin, or a mapping with its name and options, not a list",
    "methods.1.draws=0": "methods.1.draws: must be greater than or equal to 1, not 0",
    "methods.1.label=": None,
    "methods.1.optimizer.lrr=3": "methods.1.optimizer.lrr: unknown key. Did you mean 'lr'? Allowed: adapter, "
    "batch_size, betas, eps, hessian, hessian_every, lr, max_grad_norm, micro_batch_size, name, rho, warmup, "
    "weight_decay.",
    "methods.1.optimizer.lr=-1": "methods.1.optimizer.lr: must be greater than 0, not -1",
    "budget.epochs=x": "budget.epochs: must be a number, not the text 'x'",
    "budget.epochs=.inf": "budget.epochs: must be a finite number, not inf",
    "budget={}": "budget: give exactly one of updates, epochs and forward_equivalents (null = not given)",
    "budget.stop=memorization": "budget.stop: must be a mapping, not the text 'memorization'",
    "budget.stop.policy=unseem": "budget.stop.policy: must be 'unseen', 'paper_literal' or 'retrain', not the text "
    "'unseem'. Did you mean 'unseen'?",
    "optimizer.lr=1e-5x": "optimizer.lr: must be a number, not the text '1e-5x'",
    "optimizer.lr=.nan": "optimizer.lr: must be a finite number, not nan",
    "optimizer.betas=[0.9, 1]": "optimizer.betas.1: must be less than 1, not 1",
    "optimizer.betas=[0.9, 0.9, 0.9]": "optimizer.betas: must be a list of 2 entries, not a list of 3",
    "optimizer.betas=[0.9]": "optimizer.betas: must be a list of 2 entries, not a list of 1",
    "optimizer.betas=[]": "optimizer.betas: must be a list of 2 entries, not a list of 0",
    "optimizer.betas=0.9": "optimizer.betas: must be a list, not 0.9",
    "methods.1.optimizer.betas=[0.1]": "methods.1.optimizer.betas: must be a list of 2 entries, not a list of 1",
    'optimizer.adapter={r: 4, target_modules: "(["}': "optimizer.adapter.target_modules: must be a list of names, a "
    "regular expression or all-linear; '([' is no regular expression: unterminated character set at position 1",
    "optimizer.adapter={r: 4, target_modules: []}": "optimizer.adapter.target_modules: names no module; write the",
    'optimizer.adapter={r: 4, target_modules: ""}': "optimizer.adapter.target_modules: names no module; write the",
    'optimizer.adapter={r: 4, target_modules: [q_proj, ""]}': "optimizer.adapter.target_modules: names no module",
    "optimizer.adapter={r: 4, target_modules: 3}": "optimizer.adapter.target_modules: must be a text or a list, not 3",
    'methods.1.optimizer.adapter={r: 4, target_modules: "*"}': "methods.1.optimizer.adapter.target_modules: must be a "
    "list of names, a regular expression or all-linear; '*' is no regular expression: nothing to repeat",
    "optimizer={name: sgd, lr: 1, batch_size: 1, eps: 0.1}": "optimizer: betas and eps belong to adamw and sophia; "
    "remove them",
    "model.revision=main": "model.revision: says how to load model.path, which is not given; give model.path",
    "model.adapter={r: 4}": "model.adapter: says how to load model.path, which is not given",
    "model={path: x, adapter: {}}": "model.adapter: give either path (an adapter that exists) or r (the rank of one to",
    "model={path: x, adapter: {r: 1, path: y}}": "model.adapter: give either path",
    "model={path: x, adapter: {r: 1, target_modules: 3}}": "model.adapter.target_modules: must be a text or a list",
    'model={path: x, adapter: {r: 1, target_modules: "(["}}': "model.adapter.target_modules: must be a list of names, "
    "a regular expression or all-linear; '([' is no regular expression",
    "model={path: x, adapter: {r: 1, target_modules: []}}": "model.adapter.target_modules: names no module",
    "model={path: x, adapter: {r: 1, target_modules: [a, 3]}}": "model.adapter.target_modules.1: must be a text, not 3",
    "evaluation.retian=3": "evaluation.retian: unknown key. Did you mean 'retain'? Allowed: batch_tokens, holdout, "
    "max_new_tokens, others, retain.",
    "engine=a b": "engine: must be the name of an engine, with ':N' for N workers if wanted, not the text 'a b'",
    "engine=local:0": "engine: must be the name of an engine",
    "tuning={trials: 0}": "tuning.trials: must be greater than or equal to 1, not 0",
    "tuning={trails: 8}": "tuning.trails: unknown key. Did you mean 'trials'? Allowed: batch, draws, lr, objective, "
    "reserve, seed, trials, untuned.",
    "tuning.lr=[1e-3, 1e-5]": "tuning.lr: must be [low, high] with low < high, not [0.001, 1e-05]",
    "tuning.lr=[0, 1]": "tuning.lr.0: must be greater than 0, not 0",
    "tuning.lr=true": "tuning.lr: must be a list or false, not true",
    "tuning.lr=0.001": "tuning.lr: must be a list or false, not 0.001",
    "tuning.lr=[1e-3]": "tuning.lr: must be a list of 2 entries or false, not a list of 1",
    "tuning.lr=[]": "tuning.lr: must be a list of 2 entries or false, not a list of 0",
    "tuning.lr=[1e-3, 1e-2, 1e-1]": "tuning.lr: must be a list of 2 entries or false, not a list of 3",
    "tuning.lr=[a, b, c]": "tuning.lr: must be a list of 2 entries or false, not a list of 3",
    "tuning.lr=[a, 1]": "tuning.lr.0: must be a number, not the text 'a'",
    "tuning.objective=utility": "tuning.objective: must be",
    "tuning=8": "tuning: must be a mapping",
    "metods.a=3": f"metods: unknown key. Did you mean 'methods'? Allowed: {ALL_KEYS}.",
}


@pytest.mark.parametrize("change", CHANGES)
def test_messages(study_text, change):
    expected = CHANGES[change]
    if expected is None:
        parse_study(study_text, "study.yaml", [change])
        return
    (message,) = messages(study_text, change)
    assert message.startswith(f"--set {change}: {expected}")


def test_two_amounts(study_text):
    amounts = "study.yaml:10: budget: give exactly one of updates, epochs and forward_equivalents (null = not given)"
    assert messages(study_text, "budget.updates=3") == [amounts]
    study = parse_study(study_text, "study.yaml", ["budget.updates=3", "budget.epochs=null"]).study
    assert (study.budget.kind, study.budget.amount) == ("updates", 3)


def test_tuning_in_the_file():
    tuning = parse_study(DESIGN + "tuning: {trials: 8, draws: 2}\n").study.tuning
    assert (tuning.trials, tuning.draws, tuning.lr, tuning.objective) == (8, 2, None, "score")
    given = [parse_study(DESIGN, "study.yaml", [f"tuning.lr={lr}"]).study.tuning.lr for lr in ("[1e-5, 1]", "false")]
    assert given == [(1e-5, 1.0), False]


def test_strange_keys_stay_on_one_line(study_text):
    (message,) = messages(study_text + '"a\\nb\\e[2J": 1\n')
    assert message.startswith("study.yaml:12: 'a\\nb\\x1b[2J': unknown key.")


def test_an_optimizer_of_a_method_keeps_what_it_does_not_change(study_text):
    study = parse_study(
        study_text, settings=["methods.1.optimizer={lr: 0.5, max_grad_norm: 1}", "optimizer.eps=1e-6"]
    ).study
    assert optimizer_of(study, study.methods[0]) == study.optimizer
    changed = optimizer_of(study, study.methods[1])
    assert (changed.lr, changed.max_grad_norm, changed.batch_size, changed.eps) == (0.5, 1.0, 4, 1e-6)


def test_sgd_for_one_method_drops_what_is_adamws(study_text):
    study = parse_study(study_text, settings=["methods.1.optimizer.name=sgd", "optimizer.eps=1e-6"]).study
    assert optimizer_of(study, study.methods[1]).name == "sgd"


def test_engine_specs():
    assert engine_spec("local") == PluginSpec("local", {})
    assert engine_spec("acme/slurm:16") == PluginSpec("acme/slurm", {"workers": 16})
    with pytest.raises(ValueError, match="must be the name of an engine"):
        engine_spec("local:x")


def test_an_engine_may_have_options_beside_its_name():
    spec = PluginSpec("submitit", {"partition": "gpu", "workers": 8})
    assert engine_spec({"name": "submitit:8", "partition": "gpu"}) == spec
    assert engine_spec({"name": "submitit", "workers": 8, "partition": "gpu"}) == spec
    with pytest.raises(ValueError, match="says twice how many workers there are: local:2 and workers"):
        engine_spec({"name": "local:2", "workers": 3})
    with pytest.raises(ValueError, match="or a mapping with its name and options, not 3"):
        engine_spec(3)


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (PluginSpec("local"), "local"),
        (PluginSpec("local", {"workers": 3}), "local:3"),
        (PluginSpec("local", {"workers": 0}), {"name": "local", "workers": 0}),
        (PluginSpec("ray", {"workers": 3, "address": "auto"}), {"name": "ray", "workers": 3, "address": "auto"}),
    ],
    ids=str,
)
def test_the_short_form_of_an_engine_is_read_back(spec, text):
    assert engine_json(spec) == text
    assert engine_spec(text) == spec


def test_options_of_the_engine_are_set_from_the_command_line(study_text):
    sets = ("engine=submitit:4", "engine.partition=gpu", "engine.folder=./jobs")
    study = parse_study(study_text, "study.yaml", sets).study
    assert study.engine.name == "submitit"
    assert study.engine.options["partition"] == "gpu"
    assert study.engine.options["workers"] == 4
    assert study.engine.options["folder"].endswith("/jobs")
    assert parse_study(dump(study)).study == study


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 2**63 - 1), st.floats(), st.text("ab:{}[]-.1\n", max_size=5)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abname_", max_size=4), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        *ALL_KEYS.split(", "),
        "budget.stop",
        "budget.updates",
        "methods.1",
        "model.adapter",
        "optimizer.betas",
        "tuning",
        "x",
    ]
)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4))
def test_any_values_make_a_study_or_messages(changes):
    from fairforget.study.yaml_core import to_yaml

    sets = [
        f"{key}={to_yaml(value) if isinstance(value, dict | list) else to_yaml([value])[1:]}"
        for key, value in changes.items()
    ]
    said = ["study.yaml"]
    try:
        parse_study(DESIGN, "study.yaml", sets)
    except FairforgetError as error:
        said = str(error).splitlines()
    assert all(line.startswith(("study.yaml", "--set ")) for line in said)
