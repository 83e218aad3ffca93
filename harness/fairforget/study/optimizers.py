"""What a study file may say of the optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from fairforget.study.modules import TargetModules
from fairforget.study.part import Count, Part, Positive, Share, as_tuple

Betas = Annotated[tuple[Share, Share], BeforeValidator(as_tuple)]
OptimizerName = Literal["adamw", "sgd", "sophia"]
Hessian = Literal["gnb", "squared-gradient"]

_SOPHIA: Final = {"betas": (0.9, 0.95), "eps": 1e-12, "rho": 0.04, "hessian": "gnb", "hessian_every": 10}
_OWN: Final = frozenset(_SOPHIA)
"""Keys that mean something else, or nothing, to another algorithm."""
_UNUSED: Final = {"adamw": _OWN - {"betas", "eps"}, "sgd": _OWN, "sophia": frozenset[str]()}
_LATER: Final = ("adapter", "micro_batch_size")
"""Keys that cells had not from the start: left out where null, so that the keys of cells stay what they were."""


class UnlearnedAdapter(Part):
    """A LoRA adapter that is put into the target and unlearns in its place; it is merged before all is measured."""

    r: Count
    """Rank."""
    alpha: Positive | None = None
    """Scale: the product of the two factors is multiplied by alpha / r; null = 2 r."""
    dropout: Share = 0.0
    """Dropout of what goes into the adapter."""
    target_modules: TargetModules = None
    """Modules that get one: names, a regular expression, or `all-linear`; null = what peft chooses for the \
architecture."""

    @model_validator(mode="before")
    @classmethod
    def _scaled(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and value.get("alpha") is None and type(value.get("r")) is int:
            return {**value, "alpha": 2.0 * value["r"]}
        return value


class Optimizer(Part):
    """The optimizer, the same for every method."""

    name: OptimizerName = "adamw"
    """Algorithm. ``sophia`` is Sophia-G, the second-order optimizer of SOUL."""
    lr: Positive
    """Learning rate; for sophia the largest step of a weight."""
    batch_size: Count
    """Forget samples of an update; as many retain partners come with them."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    """Decoupled for adamw and sophia, L2 for sgd."""
    max_grad_norm: Positive | None = None
    """Clip the gradient's norm to this; null = off."""
    betas: Betas = (0.9, 0.999)
    """Decay rates of the two moments of adamw, of the gradient and the Hessian of sophia (there 0.9 and 0.95 where \
nothing is given, as in SOUL)."""
    eps: Positive = 1e-8
    """Added to the denominator by adamw; its least value for sophia (there 1e-12 where nothing is given)."""
    warmup: Annotated[int, Field(ge=0)] = 0
    """Updates over which the learning rate rises linearly; constant afterwards."""
    rho: Positive | None = None
    """Of sophia: a weight moves by lr × min(1, momentum / (rho × Hessian)); null = 0.04."""
    hessian: Hessian | None = None
    """Of sophia: the estimate of the Hessian's diagonal. ``gnb`` (null): Gauss-Newton-Bartlett, from tokens the model \
draws itself, at one more forward and backward pass; ``squared-gradient``: of the loss, as in SOUL's code, at none."""
    hessian_every: Count | None = None
    """Of sophia: updates from one estimate to the next; null = 10."""
    adapter: UnlearnedAdapter | None = None
    """LoRA adapter that unlearns in place of the weights; null = every weight does."""
    micro_batch_size: Count | None = None
    """Samples that go through the model at once, where a batch does not fit: same loss and gradient but for rounding, \
less memory, and the time of a second forward pass, which no budget pays; null = the whole batch."""

    @model_validator(mode="before")
    @classmethod
    def _written_out(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and value.get("name") == "sophia":
            return {**value, **{key: usual for key, usual in _SOPHIA.items() if value.get(key) is None}}
        return value

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if self.name == "sgd" and (self.betas, self.eps) != ((0.9, 0.999), 1e-8):
            msg = "betas and eps belong to adamw and sophia; remove them for sgd"
            raise ValueError(msg)
        if self.name != "sophia" and (found := [k for k in ("rho", "hessian", "hessian_every") if getattr(self, k)]):
            msg = f"{' and '.join(found)} belong{'s' if len(found) == 1 else ''} to sophia; remove for {self.name}"
            raise ValueError(msg)
        return self

    def to_json(self) -> dict[str, Any]:
        """Return the optimizer as in a cell: what it does not use is not there."""
        later = {key for key in _LATER if getattr(self, key) is None}
        return self.model_dump(mode="json", exclude={*_UNUSED[self.name], *later})

    def changed(self, change: OptimizerChange) -> Optimizer:
        """Return the optimizer with other values; another algorithm starts from its own defaults.

        Raises:
            pydantic.ValidationError: the values do not fit together.
        """
        given = change.model_dump(exclude_unset=True)
        dropped = _OWN if given.get("name", self.name) != self.name else frozenset[str]()
        usual = {key: value for key, value in self.model_dump().items() if key not in dropped}
        return Optimizer.model_validate(usual | given)


class OptimizerChange(Part):
    """What a method's optimizer does differently from the study's; a key that is left out is the study's."""

    name: OptimizerName = "adamw"
    lr: Positive = 1.0
    batch_size: Count = 1
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    max_grad_norm: Positive | None = None
    betas: Betas = (0.9, 0.999)
    eps: Positive = 1e-8
    warmup: Annotated[int, Field(ge=0)] = 0
    rho: Positive | None = None
    hessian: Hessian | None = None
    hessian_every: Count | None = None
    adapter: UnlearnedAdapter | None = None
    micro_batch_size: Count | None = None

    def given(self) -> dict[str, Any]:
        """Return the keys that were given."""
        return self.model_dump(mode="json", exclude_unset=True)
