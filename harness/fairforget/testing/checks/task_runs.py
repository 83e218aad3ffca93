"""What is asked of a task's columns and of the recipe of its target."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final, get_args

from fairforget.api import Scratch, TargetRecipe, Task
from fairforget.api.metric import Role
from fairforget.errors import FairforgetError
from fairforget.study.columns import column_faults
from fairforget.testing.checks.corpora import columns, corpus_of, sets_of
from fairforget.testing.checks.metrics import DIRECTIONS
from fairforget.testing.definition import Check, CheckFailed, Skipped
from fairforget.testing.examined import Examined

if TYPE_CHECKING:
    from fairforget.run.targets.target import Target

_FEW: Final = 4


def metrics_have_directions(examined: Examined) -> None:
    """Every column has a name of its own, a role, a metric that states its direction, and a set that it is about."""
    from fairforget.run.measures.evaluate import better_of

    before: list[dict[str, Any]] = []
    for use, metric in columns(examined):
        if not use.column or use.role not in get_args(Role):
            raise CheckFailed(f"column {use.column!r} has the role {use.role!r}; roles are {', '.join(get_args(Role))}")
        way: Any = getattr(metric, "higher_is", None)
        if way not in DIRECTIONS:
            raise CheckFailed(f"the metric of column {use.column!r} says higher is {way!r}; see fairforget.api.Metric")
        if use.role != "diagnostic" and better_of(use, metric) is None:
            raise CheckFailed(f"column {use.column!r} has no direction")
        if fault := next(column_faults(use, before), None):
            raise CheckFailed(f"it {fault}")
        before.append(asdict(use))
    averaged = {use["role"] for use in before if use["average"]}
    for role in ("completeness", "utility"):
        if role not in averaged:
            raise CheckFailed(f"no column enters the average of {role}; a board shows neither role without the other")


def columns_name_sets(examined: Examined) -> None:
    """Every column is about a set that the corpus has, and that has samples."""
    sets = sets_of(corpus_of(examined), _FEW)
    for use, _ in columns(examined):
        if use.on not in sets:
            raise CheckFailed(f"column {use.column!r} is about {use.on!r}; the sets are {', '.join(sets)}")
        if not sets[use.on]:
            raise CheckFailed(f"column {use.column!r} is about {use.on!r}, which has no samples")


def target_recipe_runs(examined: Examined) -> None:
    """The recipe makes a model: a tokenizer, weights, every text encoded, an epoch over a few texts."""
    _target(examined)


def columns_can_be_measured(examined: Examined) -> None:
    """Every column can be measured on a few samples of each set."""
    from fairforget.run.measures.evaluate import evaluate
    from fairforget.run.measures.subject import LiveSubject

    target = _target(examined)
    sets = {name: samples[:_FEW] for name, samples in sets_of(corpus_of(examined), _FEW).items()}
    refused = []
    task: Task = examined.make()
    tokens = task.max_new_tokens()
    for use, metric in columns(examined):
        subject = LiveSubject(
            target.model,
            target.encode,
            sets,
            "forget",
            tokenizer=target.tokenizer,
            max_new_tokens=tokens,
        )
        try:
            evaluate(subject, [(use, metric)], None)
        except FairforgetError as error:
            refused.append(f"column {use.column!r}: {error}")
        except Exception as error:
            msg = f"column {use.column!r} raises {type(error).__name__}: {error}, on {_FEW} samples of each set"
            raise CheckFailed(msg) from error
    if refused:
        raise Skipped(f"all columns but {len(refused)} can be measured here; {refused[0]}")


def _target(examined: Examined) -> Target:
    """Return a model made by the recipe and trained on a few texts, once for all checks.

    Raises:
        Skipped: the base is a checkpoint, which is not fetched to check a task.
        CheckFailed: the recipe cannot be run.
    """
    found = examined.once("target", lambda: _made(examined))
    if isinstance(found, Exception):
        raise found
    return found


def _made(examined: Examined) -> Target | CheckFailed:
    from fairforget.lm.encode import Encoder
    from fairforget.lm.models import context_of
    from fairforget.lm.scratch import build_model, train_tokenizer
    from fairforget.run.targets.target import Target
    from fairforget.run.targets.training import train

    recipe: Any = examined.make().target()
    if not isinstance(recipe, TargetRecipe):
        return CheckFailed(f"target returns {type(recipe).__name__}; it returns a fairforget.api.TargetRecipe")
    corpus = corpus_of(examined)
    if not isinstance(recipe.base, Scratch):
        raise Skipped(f"its target is made from the checkpoint {recipe.base.path!r}, which is not fetched for a check")
    try:
        tokenizer = train_tokenizer(corpus, recipe.template, recipe.base.vocabulary)
        model = build_model(recipe.base, tokenizer, 0)
        encoder = Encoder(tokenizer, recipe.template, recipe.max_length, context_of(model))
        for samples in (*sets_of(corpus, len(corpus.pool)).values(),):
            encoder.encode(samples, corpus)
        texts = corpus.training_texts()
        encoder.encode_texts(texts)
        if recipe.training is not None:
            few = encoder.encode_texts(texts[: 4 * recipe.training.batch_size])
            train(model, few, replace(recipe.training, epochs=1, stop_at_recall=None), seed=0)
    except FairforgetError as error:
        return CheckFailed(f"the recipe cannot be run: {error}")
    return Target(model.eval(), tokenizer, encoder, "", {})


_KIND: Final = ("task",)

TASK_RUNS: Final = (
    Check("metrics-have-directions", _KIND, metrics_have_directions),
    Check("columns-name-sets", _KIND, columns_name_sets),
    Check("target-recipe-runs", _KIND, target_recipe_runs),
    Check("columns-can-be-measured", _KIND, columns_can_be_measured),
)
