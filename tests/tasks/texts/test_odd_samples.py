"""Odd samples, tokenizers and models under every task: what is not measured is counted, and nothing is silent."""

from __future__ import annotations

import pytest

from fairforget import FairforgetError
from fairforget.api import Metric, Pretrained, Sample, Template
from fairforget.lm.encode import Encoder
from fairforget.lm.models import load_pretrained
from fairforget.registry import Registry
from fairforget.run.measures.subject import LiveSubject
from fairforget.study.options import build
from fairforget_tasks.biographies import Biographies

TASKS = ("wmdp", "muse", "tofu", "whp", "safe", "biographies")
ODD = (
    Sample("no-answer", "Who paints?", ""),
    Sample("no-prompt", "", "The kettle warms the garden."),
    Sample("no-token", "Who paints?", "\u200b"),  # the tokenizer of this test knows no such thing
    Sample(
        "no-wrong-answers", "Who paints?", "Ada paints.",
        variants={"paraphrased_prompt": ("Who is it that paints?",), "paraphrased_completion": ("It is Ada.",)},
    ),
    Sample("no-paraphrase", "Who paints?", "Ada paints.", variants={"perturbed_completion": ("Bo paints.",)}),
    Sample(
        "empty-wrong-answers", "Who paints?", "Ada paints.",
        variants={"paraphrased_prompt": ("Who?",), "paraphrased_completion": ("",), "perturbed_completion": ("", "")},
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def registry():
    return Registry.discover()


@pytest.fixture(params=TASKS)
def task(request, local, tmp_path):
    if request.param == "biographies":
        return Biographies(people=6, retain_people=3, holdout_people=3, samples=2, world_facts=3, frequencies=(1,))
    write, read = local[request.param]
    return read(write(tmp_path / "data"))


@pytest.fixture
def loaded(task, tiny_model, tmp_path):
    from tokenizers import normalizers

    model, tokenizer = load_pretrained(Pretrained(str(tiny_model(tmp_path / "model", task))))
    tokenizer.backend_tokenizer.normalizer = normalizers.Replace("\u200b", "")
    return model, tokenizer


def subject_of(task, model, tokenizer, *, odd=()):
    corpus = task.corpus()
    sets = {"forget": corpus.pool[:3], "retain": corpus.retain[:3], "holdout": corpus.holdout[:3], **corpus.evaluation}
    sets = {name: (*samples[:3], *odd) for name, samples in sets.items()}
    encode = Encoder(tokenizer, task.target().template, 512).encode
    return LiveSubject(model, encode, sets, "forget", tokenizer=tokenizer, max_new_tokens=6)


def test_every_sample_has_a_value_or_a_reason(registry, task, loaded):
    subject = subject_of(task, *loaded, odd=ODD)
    for use in task.metrics():
        if use.metric.name == "toxicity":
            continue  # needs a classifier; it is tested with one made for it
        metric = build(registry, "metric", use.metric).of(Metric)
        measured = subject.on(use.on)
        found = metric.measure(measured)
        ids = {sample.id for sample in measured.samples}
        if use.metric.name == "model-utility":  # of nine parts on three sets
            parts = found.details["parts"].values()
            assert {part["n"] + part["excluded"] for part in parts} == {3 + len(ODD)}
            continue
        assert found.n == len(found.items), use.column
        assert set(found.items) | set(found.excluded) == ids, use.column
        assert not set(found.items) & set(found.excluded), use.column
        assert all(reason for reason in found.excluded.values()), use.column


def test_a_tokenizer_without_a_pad_token_changes_nothing(task, loaded):
    model, tokenizer = loaded
    before = subject_of(task, model, tokenizer)
    scores = [values.tolist() for values in before.logprobs()]
    answers = before.on("retain").generate()
    tokenizer.pad_token = None
    assert tokenizer.pad_token_id is None
    after = subject_of(task, model, tokenizer)
    assert [values.tolist() for values in after.logprobs()] == scores
    assert after.on("retain").generate() == answers


def test_a_chat_needs_a_chat_template(task, loaded):
    _, tokenizer = loaded
    with pytest.raises(FairforgetError, match="the tokenizer has no chat template; use a chat"):
        Encoder(tokenizer, Template(chat=True), 512)


def test_a_text_longer_than_the_recipe_allows_is_named(task, loaded):
    _, tokenizer = loaded
    corpus = task.corpus()
    with pytest.raises(FairforgetError, match=r"sample '[\w-]+' has \d+ tokens.* nothing is cut silently"):
        Encoder(tokenizer, task.target().template, 8).encode(corpus.pool)
