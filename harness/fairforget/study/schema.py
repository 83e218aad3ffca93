"""What a study file may say.

The models are frozen and closed: an unknown key or a wrong type is an error, which `fairforget.study.faults` puts into
words. The text under a field is its documentation, in ``docs/reference/study.md`` too.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    field_validator,
    model_validator,
)

from fairforget.api.spec import PluginSpec
from fairforget.study.budgets import Budget, Trajectory
from fairforget.study.modules import TargetModules
from fairforget.study.optimizers import Optimizer, OptimizerChange
from fairforget.study.part import Count, Part, Positive, Share
from fairforget.study.spec import engine_json, engine_spec, parse_spec, study_name
from fairforget.study.tuning import Tuning

Spec = Annotated[PluginSpec, PlainValidator(parse_spec), PlainSerializer(PluginSpec.to_json)]
EngineSpec = Annotated[PluginSpec, PlainValidator(engine_spec), PlainSerializer(engine_json)]


class Adapter(Part):
    """A LoRA adapter: one that exists (``path``), or one to train (``r`` and the rest)."""

    path: str | None = None
    """Folder or hub id of an adapter that is merged into the base."""
    r: Count | None = None
    """Rank of an adapter that is trained with the target and merged."""
    alpha: Positive | None = None
    """Scale of the trained adapter; null = 2 r."""
    dropout: Share = 0.0
    """Dropout of the trained adapter."""
    target_modules: TargetModules = None
    """Modules that get the trained adapter; null = what peft chooses for the architecture."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.path is None) == (self.r is None):
            msg = "give either path (an adapter that exists) or r (the rank of one to train)"
            raise ValueError(msg)
        return self


class Model(Part):
    """The base of the target model."""

    path: str | None = None
    """Hub id or folder; null = the base the task names."""
    revision: str | None = None
    """Commit, tag or branch on the hub; null = the default branch."""
    gguf_file: str | None = None
    """Name of a GGUF file in `path`, to read the weights from."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    """Type the weights are loaded as."""
    adapter: Adapter | None = None
    """LoRA adapter of the base."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed the target is made under; also where the task names the base."""
    gradient_checkpointing: bool = False
    """Keep only the inputs of the model's blocks for the backward pass, and run each block again in it: the same \
numbers from less memory, for about a third more time. Also where the task names the base."""
    trust_remote_code: bool = False
    """Let the model's own Python code run, and say so in every cell. Only for authors you trust."""

    @field_validator("revision", "gguf_file", "dtype", "adapter", "trust_remote_code")
    @classmethod
    def _of_a_path(cls, value: Any, info: ValidationInfo) -> Any:
        untouched = info.field_name is not None and value == cls.model_fields[info.field_name].default
        if not untouched and "path" in info.data and info.data["path"] is None:
            msg = "says how to load model.path, which is not given; give model.path or remove this key"
            raise ValueError(msg)
        return value


class MethodUse(BaseModel):
    """A method in a study. Besides these keys a mapping holds the method's own options."""

    model_config = ConfigDict(
        extra="allow",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        ser_json_inf_nan="constants",
        use_attribute_docstrings=True,
    )

    name: Annotated[str, Field(min_length=1)]
    """Name of the method, bare or ``distribution/name``."""
    label: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    """Name of its row on boards; null = the method's name, with options where it stands in the study more than once."""
    draws: Count | None = None
    """At most this many draws a stratum, for a method that is dear (``retrain``); null = all."""
    optimizer: OptimizerChange | None = None
    """Keys of the study's optimizer that are different for this method."""

    @model_validator(mode="before")
    @classmethod
    def _bare_name(cls, value: Any) -> Any:
        return parse_spec(value).to_json()

    @property
    def spec(self) -> PluginSpec:
        """The plugin with its own options."""
        return PluginSpec(self.name, dict(self.model_extra or {}))

    def to_json(self) -> dict[str, Any]:
        """Return the mapping of the study file, the keys of the harness written out."""
        change = None if self.optimizer is None else self.optimizer.given()
        harness = {"name": self.name, "label": self.label, "draws": self.draws, "optimizer": change}
        return harness | dict(self.model_extra or {})


class Evaluation(Part):
    """What is measured after unlearning, and with how much of it."""

    retain: Count | None = None
    """At most this many retain samples, the same ones in every cell; null = all."""
    holdout: Count | None = None
    """At most this many held-out samples, the same ones in every cell; null = all."""
    others: Count | None = None
    """At most this many samples of every further set the task measures on, the same ones in every cell; null = all."""
    batch_tokens: Count | None = None
    """Tokens of a batch, padding included: bounds the memory; null = what suits the model. No score depends on it."""
    max_new_tokens: Count | None = None
    """Tokens a generated answer may have; null = what the task says."""


class Study(Part):
    """A study: everything that spans its cells."""

    name: Annotated[str, AfterValidator(study_name)]
    """Lower-case letters and digits, joined by ``-``, ``_`` or ``.``; results go to ``runs/<name>``."""
    description: Annotated[str, Field(min_length=1, max_length=2_000)] | None = None
    """What is run, in plain words; reports of claims print it, and no cell depends on it. null = nothing."""
    task: Spec
    """The task."""
    model: Model = Model()
    """The target's base, where it is not the task's own."""
    samplers: Annotated[tuple[Spec, ...], Field(min_length=1)] = (PluginSpec("random"),)
    """What draws the forget sets; each brings its strata."""
    draws: Annotated[int, Field(ge=1, le=10_000)] = 20
    """Forget sets a stratum. Fewer than 3: no interval and no rank; 10 or more are advised."""
    forget_size: Count
    """Samples of a forget set; rounded down to whole groups where groups are drawn."""
    unit: Literal["group", "sample"] | None = None
    """What is drawn: whole groups or single samples; null = groups where the task has them."""
    disjoint: bool = False
    """Whether the draws of a stratum share no sample; each stratum then needs samples for all of them."""
    methods: Annotated[tuple[Annotated[MethodUse, PlainSerializer(MethodUse.to_json)], ...], Field(min_length=1)]
    """The methods to compare, ``untouched`` and ``retrain`` among them as reference rows."""
    curricula: Annotated[tuple[Spec, ...], Field(min_length=1)] = (PluginSpec("uniform"),)
    """The orders in which every method (except the reference rows) meets the forget samples."""
    seeds: Annotated[int, Field(ge=1, le=1_000)] = 1
    """Random seeds a draw: 0, 1, …"""
    budget: Budget
    """What one cell may spend; the same for every method."""
    optimizer: Optimizer
    """The optimizer of every method."""
    trajectory: Trajectory | None = None
    """What is measured on the way; null = only the end."""
    evaluation: Evaluation = Evaluation()
    """How much is measured."""
    engine: EngineSpec = PluginSpec("local")
    """Where cells run when ``--engine`` is not given: a name, ``:N`` for N workers, or a mapping with its options."""
    tuning: Tuning | None = None
    """Search the options of every method before anything is evaluated; null = the rows run as they stand here."""

    @field_validator("trajectory")
    @classmethod
    def _beside(cls, value: Trajectory | None, info: ValidationInfo) -> Trajectory | None:
        budget = info.data.get("budget")
        if value is None or budget is None:
            return value
        if value.forgetting is not None and budget.stop is not None:
            msg = "forgetting: budget.stop notes when each sample is forgotten already; remove one of them"
            raise ValueError(msg)
        if value.every is not None and budget.completeness is not None:
            msg = "every: a run with budget.completeness is looked at as often as budget.every says; remove this key"
            raise ValueError(msg)
        return value

    def to_json(self) -> dict[str, Any]:
        """Return the study as plain data, every default written out, keys in the order of this page."""
        return self.model_dump(mode="json")

    def identity(self) -> dict[str, Any]:
        """Return `to_json` without what changes no result: two studies of one identity make the same cells."""
        return {key: value for key, value in self.to_json().items() if key not in {"description", "engine"}}

    def model_json(self) -> dict[str, Any]:
        """Return ``model`` as plain data."""
        return self.model.model_dump(mode="json")


def optimizer_of(study: Study, use: MethodUse) -> Optimizer:
    """Return the optimizer of one method.

    Raises:
        pydantic.ValidationError: the change does not fit the study's optimizer.
    """
    return study.optimizer if use.optimizer is None else study.optimizer.changed(use.optimizer)
