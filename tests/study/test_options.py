"""Plugins from what a study says of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from fairforget.api import Method, PluginSpec
from fairforget.errors import FairforgetError
from fairforget.study.options import OptionError, build, describe

FIXED = settings(derandomize=True, deadline=None, max_examples=200)


class Made(Method):
    def unlearn(self, run):
        """Do nothing."""


def made(registry, spec, kind="method", /, **options):
    return build(registry, kind, PluginSpec(spec, options))


def refusal(registry, spec, kind="method", /, where="", **options):
    with pytest.raises(FairforgetError) as caught:
        build(registry, kind, PluginSpec(spec, options), where)
    return str(caught.value)


def test_defaults_are_written_out(registry):
    assert made(registry, "sleepy").to_json() == {
        "name": "fairforget/sleepy",
        "dist_version": "0.1.0",
        "options": {"beta": 0.1, "reduction": "sum", "layers": [1, 2], "weights": {}, "folder": None, "steps": None},
    }


def test_values_become_the_declared_types(registry):
    built = made(registry, "sleepy", beta=1, layers=[3], weights={"a": 1}, folder="x/y", steps=4)
    plugin = built.plugin
    assert (plugin.beta, type(plugin.beta)) == (1.0, float)
    assert plugin.layers == (3,)
    assert plugin.weights == {"a": 1.0}
    assert plugin.folder == Path("x/y")
    assert built.to_json()["options"]["folder"] == "x/y"
    assert built.path_options() == ["folder"]


def test_what_is_written_builds_the_same_again(registry):
    built = made(registry, "sleepy", beta=1, layers=[3], weights={"a": 1}, folder="x/y")
    described = json.loads(json.dumps(built.to_json()))
    again = build(registry, "method", PluginSpec(described["name"], described["options"]))
    assert again == built
    assert again.to_json() == described


def test_python_values_are_taken_too(registry):
    assert made(registry, "sleepy", layers=(1,), folder=Path("x")) == made(registry, "sleepy", layers=[1], folder="x")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"beta": -1}, "method 'sleepy': option 'beta' must be greater than 0, not -1"),
        ({"beta": "0.1"}, "method 'sleepy': option 'beta' must be a number, not the text '0.1'"),
        ({"beta": True}, "method 'sleepy': option 'beta' must be a number, not true"),
        ({"beta": None}, "method 'sleepy': option 'beta' must be a number, not null"),
        ({"beta": float("nan")}, "method 'sleepy': option 'beta' must be a finite number, not nan"),
        (
            {"reduction": "men"},
            "method 'sleepy': option 'reduction' must be 'sum' or 'mean', not the text 'men'. Did you mean 'mean'?",
        ),
        ({"layers": 3}, "method 'sleepy': option 'layers' must be a list, not 3"),
        ({"layers": [1, "x"]}, "method 'sleepy': option 'layers.1' must be an integer, not the text 'x'"),
        ({"weights": {"a": "x"}}, "method 'sleepy': option 'weights.a' must be a number, not the text 'x'"),
        ({"weights": {1: 2.0}}, "method 'sleepy': option 'weights' must have texts as keys, not 1"),
        ({"steps": 4.0}, "method 'sleepy': option 'steps' must be an integer, not 4.0"),
        ({"folder": 3}, "method 'sleepy': option 'folder' must be a text, not 3"),
        ({"folder": object()}, "method 'sleepy': option 'folder' must be plain data, not object"),
        (
            {"bta": 1},
            "method 'sleepy' has no option 'bta'. Did you mean 'beta'? "
            "Options: beta, folder, layers, reduction, steps, weights.",
        ),
    ],
)
def test_wrong_options(registry, options, expected):
    assert refusal(registry, "sleepy", **options) == expected
    assert refusal(registry, "sleepy", where="study.yaml:4", **options) == f"study.yaml:4: {expected}"


def test_all_faults_are_said_with_their_path(registry):
    with pytest.raises(OptionError) as caught:
        made(registry, "sleepy", beta=-1, layers=[1, "x"], nothing=3)
    assert [path for path, _ in caught.value.faults] == [("beta",), ("layers", 1), ("nothing",)]


def test_unions_say_every_alternative(registry):
    assert (
        refusal(registry, "binned", "sampler", by=3)
        == "sampler 'binned': option 'by' must be a text or a mapping, not 3"
    )


def test_unknown_names(registry):
    assert refusal(registry, "slepy", where="study.yaml:4").startswith(
        "study.yaml:4: Unknown method 'slepy'. Did you mean 'sleepy'?"
    )


def test_a_plugin_without_options(registry):
    assert (
        refusal(registry, "uniform", "curriculum", x=1) == "curriculum 'uniform' has no option 'x'. It has no options."
    )


def test_a_required_option(registry):
    @dataclass(frozen=True)
    class Checkpoint(Made):
        folder: Annotated[Path, "one folder a draw"]

    registry.add("method", "checkpoint", Checkpoint)
    assert refusal(registry, "checkpoint") == "method 'checkpoint' needs the option 'folder' (path)"
    assert made(registry, "checkpoint", folder="x").to_json()["options"] == {"folder": "x"}
    assert describe(Checkpoint)[0].default is None


def test_options_without_annotations_take_anything(registry):
    class Old(Made):
        def __init__(self, a, b=(1, 2)):
            self.a = a
            self.b = b

    registry.add("method", "old", Old)
    assert made(registry, "old", a=[1, {"x": [2]}]).to_json()["options"] == {"a": [1, {"x": [2]}], "b": [1, 2]}
    assert [(o.type, o.default) for o in describe(Old)] == [("any", None), ("any", "[1, 2]")]


@pytest.mark.parametrize("name", ["draws", "label", "optimizer"])
def test_options_of_a_method_that_are_keys_of_the_study(registry, name):
    cls = dataclass(frozen=True)(type("Colliding", (Made,), {"__annotations__": {name: int}, name: 3}))
    registry.add("method", "colliding", cls)
    assert refusal(registry, "colliding").endswith(
        f"has an option {name!r}, which is a key of the study file; its author has to rename the option"
    )


def test_name_is_a_key_of_every_plugin(registry):
    cls = dataclass(frozen=True)(type("Named", (Made,), {"__annotations__": {"name": str}, "name": "x"}))
    registry.add("method", "named", cls)
    assert "has an option 'name'" in refusal(registry, "named")


def test_draws_is_a_fine_option_of_a_sampler(registry):
    base = registry.load(registry.find("sampler", "random"))
    cls = dataclass(frozen=True)(type("Drawing", (base,), {"__annotations__": {"draws": int}, "draws": 3}))
    registry.add("sampler", "drawing", cls)
    assert made(registry, "drawing", "sampler", draws=4).plugin.draws == 4


def test_a_constructor_that_refuses_its_options(registry):
    @dataclass(frozen=True)
    class Careful(Made):
        low: int = 0
        high: int = 1

        def __post_init__(self):
            if self.low > self.high:
                raise ValueError("low must not be above high")
            if self.low == 13:
                raise KeyError("oops")

    registry.add("method", "careful", Careful)
    assert (
        refusal(registry, "careful", where="s.yaml:3", low=5)
        == "s.yaml:3: method 'careful': low must not be above high"
    )
    assert "cannot be made: KeyError: 'oops'" in refusal(registry, "careful", low=13, high=20)


def test_a_constructor_that_loses_its_options(registry):
    class Losing(Made):
        def __init__(self, beta: float = 0.1):
            self._beta = beta

    registry.add("method", "losing", Losing)
    assert "does not keep its option 'beta'" in refusal(registry, "losing")


def test_a_default_that_is_no_plain_data(registry):
    @dataclass(frozen=True)
    class Odd(Made):
        thing: Any = field(default_factory=object)

    registry.add("method", "odd", Odd)
    assert "the value of its option 'thing' must be plain data, not object" in refusal(registry, "odd")


def test_a_constructor_with_nameless_options(registry):
    class Catching(Made):
        def __init__(self, **options):
            self.kept = options

    registry.add("method", "catching", Catching)
    assert "options must be named one by one" in refusal(registry, "catching")
    with pytest.raises(FairforgetError, match="options must be named one by one"):
        describe(Catching)


def test_an_annotation_that_cannot_be_read(registry):
    cls = dataclass(frozen=True)(type("Lazy", (Made,), {"__annotations__": {"x": "np.ndarray"}, "x": None}))
    registry.add("method", "lazy", cls)
    assert "its options cannot be read: NameError: name 'np' is not defined" in refusal(registry, "lazy")


def test_a_type_no_study_can_give(registry):
    class Tensor:
        pass

    cls = dataclass(frozen=True)(type("Tensors", (Made,), {"__annotations__": {"x": Tensor | None}, "x": None}))
    registry.add("method", "tensors", cls)
    assert made(registry, "tensors").to_json()["options"] == {"x": None}
    assert "option 'x' has a type no study file can give" in refusal(registry, "tensors", x=3)


def test_options_of_a_base_in_another_module_are_read_there(registry, tmp_path, monkeypatch):
    (tmp_path / "far_away.py").write_text(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "from typing import Literal as OnlyHere\n"
        "from fairforget.api import Method\n"
        "@dataclass(frozen=True)\n"
        "class Far(Method):\n"
        "    mode: OnlyHere['a', 'b'] = 'a'\n"
        "    def unlearn(self, run): ...\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    from far_away import Far

    @dataclass(frozen=True)
    class Near(Far):
        beta: float = 1.0

    registry.add("method", "near", Near)
    assert made(registry, "near", mode="b").plugin.mode == "b"
    assert "must be 'a' or 'b'" in refusal(registry, "near", mode="c")


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Typed(Made):
    """Types that options may have."""

    text: str = "a"
    maybe: Annotated[int | None, Field(ge=0)] = None
    either: int | str = 1
    pair: tuple[str, float] = ("a", 1.0)
    several: tuple[int, ...] = ()
    nested: Mapping[str, Sequence[str]] = field(default_factory=dict)
    choice: Literal["a", 2] = "a"
    names: frozenset[str] = frozenset({"b", "a"})
    colour: Colour = Colour.RED
    place: Path | None = None
    spec: str | Mapping[str, Any] = "mrd"
    anything: Any = None


@pytest.mark.parametrize(
    ("name", "given", "kept", "written"),
    [
        ("maybe", 3, 3, 3),
        ("maybe", None, None, None),
        ("either", "x", "x", "x"),
        ("pair", ["b", 2], ("b", 2.0), ["b", 2.0]),
        ("several", [1, 2], (1, 2), [1, 2]),
        ("nested", {"a": ["b"]}, {"a": ("b",)}, {"a": ["b"]}),
        ("choice", 2, 2, 2),
        ("names", ["z", "y"], frozenset({"y", "z"}), ["y", "z"]),
        ("colour", "red", Colour.RED, "red"),
        ("place", "a/b", Path("a/b"), "a/b"),
        ("spec", {"name": "mrd", "sigma": 1}, {"name": "mrd", "sigma": 1}, {"name": "mrd", "sigma": 1}),
        ("anything", [1, {"a": None}], [1, {"a": None}], [1, {"a": None}]),
    ],
)
def test_supported_types(registry, name, given, kept, written):
    registry.add("method", "typed", Typed)
    built = made(registry, "typed", **{name: given})
    assert getattr(built.plugin, name) == kept
    assert type(getattr(built.plugin, name)) is type(kept)
    assert built.to_json()["options"][name] == written
    assert made(registry, "typed", **built.to_json()["options"]).to_json() == built.to_json()


def test_describe(registry):
    found = {option.name: option for option in describe(registry.load(registry.find("method", "sleepy")))}
    assert list(found) == ["beta", "reduction", "layers", "weights", "folder", "steps"]
    assert (found["beta"].type, found["beta"].default, found["beta"].doc) == (
        "number > 0",
        "0.1",
        "inverse temperature",
    )
    assert (found["reduction"].type, found["reduction"].default) == ('"sum" | "mean"', '"sum"')
    assert (found["layers"].type, found["layers"].default, found["layers"].doc) == ("list[integer]", "[1, 2]", "")
    assert (found["weights"].type, found["weights"].doc) == ("mapping[text, number]", "by module")
    assert (found["folder"].type, found["folder"].default) == ("path | null", "null")


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@FIXED
@given(st.dictionaries(st.sampled_from([*Typed.__dataclass_fields__, "x"]), VALUES, max_size=3))
def test_any_value_builds_stably_or_is_refused(options):
    from fairforget.kinds import Registered

    class Only:
        entry = Registered("method", "typed", "d", "1", "m:Typed", "", "d:m")

        def find(self, kind, name):
            return self.entry

        def load(self, entry):
            return Typed

    try:
        built = build(Only(), "method", PluginSpec("typed", options))
    except OptionError:
        return
    described = json.loads(json.dumps(built.to_json(), allow_nan=False))
    assert build(Only(), "method", PluginSpec("typed", described["options"])).to_json() == described
