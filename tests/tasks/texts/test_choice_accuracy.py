"""Choice accuracy against a pass of one's own for every letter, and against lm-evaluation-harness."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fairforget.api import Pretrained, Sample
from fairforget.lm.encode import Encoder
from fairforget.lm.models import load_pretrained
from fairforget.run.measures.subject import LiveSubject
from fairforget_tasks.choices.letters import letter_scores
from fairforget_tasks.choices.questions import question_sample, read_question
from fairforget_tasks.metrics.choice_accuracy import ChoiceAccuracy
from fairforget_tasks.sources.rows import Row
from fairforget_tasks.wmdp import Wmdp


@pytest.fixture
def subject(wmdp_folder, tiny_model, tmp_path):
    made = Wmdp(data=str(wmdp_folder), chunk_tokens=12, retain="corpora")
    model, tokenizer = load_pretrained(Pretrained(str(tiny_model(tmp_path / "model", made))))
    encoder = Encoder(tokenizer, made.target().template, 512)
    return LiveSubject(
        model, encoder.encode, dict(made.corpus().evaluation), "wmdp", tokenizer=tokenizer, max_new_tokens=4
    )


@pytest.mark.parametrize("variant", ["lm-eval", "wagle"])
def test_accuracy_is_the_argmax_over_the_letters_at_the_last_token(subject, variant):
    found = ChoiceAccuracy(variant).measure(subject)
    right = {}
    for sample in subject.samples:
        prompt = sample.prompt if variant == "lm-eval" else sample.variants["wagle_prompt"][0]
        ids = subject.tokenizer(prompt, return_tensors="pt").input_ids
        letters = [subject.tokenizer(letter).input_ids for letter in sample.variants["choice"]]
        with torch.no_grad():
            scores = []
            for tokens in letters:
                whole = torch.cat([ids, torch.tensor([tokens])], 1)
                logprobs = subject.model(whole).logits[0].log_softmax(-1)
                scores.append(sum(float(logprobs[ids.shape[1] - 1 + k, t]) for k, t in enumerate(tokens)))
        right[sample.id] = float(sample.variants["choice"][int(np.argmax(scores))] == sample.completion)
    assert found.items == right
    assert 0 < found.value < 1, "a test that any answer passes"
    assert found.n == 14
    assert not found.excluded


def test_letters_of_several_tokens_count_with_all_of_them(subject):
    long = ("kettle", "garden of", "ferry", "lantern")
    (sample,) = subject.samples[:1]
    odd = Sample("odd", sample.prompt, long[1], variants={"choice": long})
    assert len({len(subject.tokenizer(letter).input_ids) for letter in long}) > 1
    encoder = Encoder(subject.tokenizer, Wmdp().target().template, 512)
    live = LiveSubject(
        subject.model, encoder.encode, {"odd": (sample, odd)}, "odd", tokenizer=subject.tokenizer, max_new_tokens=4
    )
    one, several = letter_scores(live, "prompt")
    np.testing.assert_allclose(several, [live.logprobs("prompt", f"choice:{i}")[1].sum() for i in range(4)])
    apart = [live.logprobs("prompt", f"choice:{i}")[0].sum() for i in range(4)]
    np.testing.assert_allclose(np.diff(one), np.diff(apart), rtol=1e-4, atol=1e-5)
    assert set(ChoiceAccuracy().measure(live).items) == {sample.id, "odd"}


def test_one_pass_answers_all_letters_of_all_columns(subject):
    rows = []
    handle = subject.model.register_forward_pre_hook(
        lambda _module, _args, kwargs: rows.append(len(kwargs["input_ids"])), with_kwargs=True
    )
    for name in ("wmdp", "wmdp_bio", "wmdp_cyber", "wmdp"):
        ChoiceAccuracy().measure(subject.on(name))
    handle.remove()
    assert sum(rows) == 14


def test_a_broken_model_has_no_accuracy(subject):
    with torch.no_grad():
        subject.model.model.embed_tokens.weight.fill_(float("nan"))
    found = ChoiceAccuracy().measure(subject)
    assert found.n == 0
    assert np.isnan(found.value)
    assert len(found.excluded) == 14


def test_the_variants_differ(subject):
    one, other = (ChoiceAccuracy(v).measure(subject) for v in ("lm-eval", "wagle"))
    assert one.items != other.items


def test_the_union_is_the_question_weighted_average(subject):
    whole = ChoiceAccuracy().measure(subject)
    parts = [ChoiceAccuracy().measure(subject.on(f"wmdp_{d}")) for d in ("bio", "chem", "cyber")]
    assert whole.value == pytest.approx(sum(p.n * p.value for p in parts) / sum(p.n for p in parts))
    assert whole.value != pytest.approx(sum(p.value for p in parts) / 3)


def test_lm_eval_computes_the_same(subject):
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    lm = HFLM(pretrained=subject.model, tokenizer=subject.tokenizer, batch_size=4)
    requests = [
        Instance("loglikelihood", {}, (s.prompt, letter), i)
        for s in subject.samples
        for i, letter in enumerate(s.variants["choice"])
    ]
    scores = np.array([score for score, _ in lm.loglikelihood(requests, disable_tqdm=True)]).reshape(-1, 4)
    right = [s.variants["choice"][i] == s.completion for s, i in zip(subject.samples, scores.argmax(1), strict=True)]
    assert list(ChoiceAccuracy().measure(subject).items.values()) == right
    ours = np.array([[v.sum() for v in subject.logprobs("prompt", f"choice:{i}")] for i in range(4)]).T
    np.testing.assert_allclose(ours, scores, rtol=1e-4)


def test_a_sample_without_letters_is_counted(subject):
    sets = {"odd": (*subject.samples[:2], Sample("bare", "Who?", " Ada"))}
    encoder = Encoder(subject.tokenizer, Wmdp().target().template, 512)
    odd = LiveSubject(subject.model, encoder.encode, sets, "odd", tokenizer=subject.tokenizer, max_new_tokens=4)
    found = ChoiceAccuracy().measure(odd)
    assert found.n == 2
    assert found.excluded == {"bare": "the sample has no letters to choose from"}


def lm_eval_task(folder, name):
    """The settings of a task file of lm-eval, with what it includes."""
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("!", lambda *_: None)  # functions, which these tasks do not need for their prompt
    found = yaml.load((folder / f"{name}.yaml").read_text(), Loader)
    return {**yaml.load((folder / found["include"]).read_text(), Loader), **found}


@pytest.mark.parametrize(("place", "name", "topic"), [
    ("wmdp", "wmdp_bio", "biology"), ("wmdp", "wmdp_chem", "chemistry"), ("wmdp", "wmdp_cyber", "cybersecurity"),
    ("mmlu/default", "mmlu_us_foreign_policy", "us foreign policy"), ("mmlu/default", "mmlu_virology", "virology"),
])  # fmt: skip
def test_the_prompt_is_that_of_lm_evals_task_file(place, name, topic):
    from importlib.util import find_spec
    from pathlib import Path

    import jinja2

    spec = find_spec("lm_eval")
    assert spec is not None
    assert spec.origin is not None
    task = lm_eval_task(Path(spec.origin).parent / "tasks" / place, name)
    row = {"question": "  What is near the bridge?\n", "choices": ["a kettle", "two", "three", "four"], "answer": 2}
    sample = question_sample("q", read_question(Row("row 1", row)), topic)
    assert sample.prompt == task["description"] + jinja2.Template(task["doc_to_text"]).render(**row)
    assert [letter.strip() for letter in sample.variants["choice"]] == task["doc_to_choice"]
    assert sample.completion == sample.variants["choice"][2]
