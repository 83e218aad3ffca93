from __future__ import annotations

import pytest

from fairforget import FairforgetError
from fairforget.api import Pretrained, Sample
from fairforget.lm.encode import Encoder
from fairforget.lm.models import load_pretrained
from fairforget.run.measures.subject import LiveSubject
from fairforget_tasks.metrics.knowmem import KnowMem
from fairforget_tasks.metrics.verbmem import VerbMem
from fairforget_tasks.muse import Muse


def task(folder, **options):
    return Muse(**{"data": str(folder), "chunk_tokens": 10, "prefix_tokens": 5, "shots": 2, **options})


def test_pieces_carry_their_beginning(muse_folder, document_of):
    corpus = task(muse_folder).corpus()
    first = corpus.pool[0]
    words = document_of(0).split()
    assert first.completion == " ".join(words[:10])
    assert first.variants == {
        "verbatim_prompt": (" ".join(words[:5]),), "verbatim_completion": (" ".join(words[5:10]),),
    }  # fmt: skip
    assert corpus.pool[2].variants == {}, "four words are too few to be continued after five"
    assert [s.group for s in corpus.pool[:4]] == ["forget-00000"] * 3 + ["forget-00001"]
    assert len({s.id for s in (*corpus.pool, *corpus.retain, *corpus.holdout)}) == sum(
        map(len, (corpus.pool, corpus.retain, corpus.holdout))
    )


def test_the_holdout_of_privleak_comes_first(muse_folder, document_of):
    assert task(muse_folder).corpus().holdout[0].completion == " ".join(document_of(60).split()[:10])
    (muse_folder / "privleak" / "holdout.json").unlink()
    assert task(muse_folder).corpus().holdout[0].completion == " ".join(document_of(20).split()[:10])


def test_questions_follow_answered_ones(muse_folder):
    (first, *_) = task(muse_folder).corpus().evaluation["knowmem_retain"]
    assert first.prompt == (
        "Question: What is near bridge 14?\nAnswer: orchard\n\nQuestion: What is near bridge 15?\nAnswer: violin\n\n"
        "Question: What is near bridge 10?\nAnswer: "
    )
    assert first.completion == "kettle"
    (bare, *_) = task(muse_folder, shots=0).corpus().evaluation["knowmem_retain"]
    assert bare.prompt == "Question: What is near bridge 10?\nAnswer: "


def test_too_few_examples(muse_folder):
    with pytest.raises(FairforgetError, match=r"forget_qa_icl\.json, row 2 is the last: 2 examples, and shots is 10"):
        task(muse_folder, shots=10).corpus()


@pytest.mark.parametrize("name", [
    "raw/forget", "raw/retain1", "verbmem/forget", "knowmem/forget_qa", "knowmem/retain_qa", "knowmem/retain_qa_icl",
])  # fmt: skip
def test_a_missing_file_is_named(muse_folder, name):
    (muse_folder / f"{name}.json").unlink()
    config, split = name.split("/")
    with pytest.raises(FairforgetError, match=f"no split '{split}' of '{config}': the folder has no file {name}"):
        task(muse_folder).corpus()


@pytest.fixture
def subject(muse_folder, tiny_model, tmp_path):
    made = task(muse_folder)
    corpus = made.corpus()
    model, tokenizer = load_pretrained(Pretrained(str(tiny_model(tmp_path / "model", made))))
    encoder = Encoder(tokenizer, made.target().template, 512)
    odd = (
        Sample("plain", "Who?", "a kettle and a garden"),
        Sample("no-prompt", "", "a kettle"),
        Sample("no-word", "Who?", "…"),
        Sample("short", "", "a", variants={"verbatim_prompt": ("The kettle",)}),
    )
    sets = {"forget": corpus.pool, "odd": odd, **corpus.evaluation}
    return LiveSubject(model, encoder.encode, sets, "forget", tokenizer=tokenizer, max_new_tokens=128)


def f1(reference, answer):
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rougeL"], use_stemmer=False).score(reference, answer)["rougeL"].fmeasure


def continued(subject, prompt, limit):
    ids = subject.tokenizer(prompt, return_tensors="pt").input_ids
    out = subject.model.generate(
        ids, max_new_tokens=limit, do_sample=False, pad_token_id=0, eos_token_id=subject.tokenizer.eos_token_id
    )
    return subject.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)


@pytest.mark.parametrize("limit", [3, 128])
@pytest.mark.parametrize("own", [True, False])
def test_verbmem_is_rouge_of_the_cut_continuation(subject, own, limit):
    wordings = {} if own else {"prompt": "verbatim_prompt", "completion": "verbatim_completion"}
    measured = subject.on("verbmem") if own else subject
    found = VerbMem(limit, **wordings).measure(measured)
    expected = {}
    for s in measured.samples:
        if own:
            begins, rest = s.prompt, s.completion
        elif not s.variants:
            assert s.id in found.excluded
            continue
        else:
            begins, rest = s.variants["verbatim_prompt"][0], s.variants["verbatim_completion"][0]
        short = subject.tokenizer.decode(subject.tokenizer(rest).input_ids[:limit])
        expected[s.id] = f1(short, continued(subject, begins, limit))
    assert found.items == expected
    assert found.n == len(measured.samples) - len(found.excluded)
    assert (len(found.excluded) == 4) == (not own)


def test_knowmem_cuts_the_answer_where_the_next_question_begins():
    said = {
        "plain": "a kettle\nQuestion: and a garden?",
        "other": "a kettle\n\na garden",
        "third": "garden Question: kettle",
    }
    samples = tuple(Sample(name, "Who?", "a kettle and a garden") for name in said)

    class Told:
        pass

    told = Told()
    told.samples, told.generate = samples, lambda prompt, limit: list(said.values())
    found = KnowMem().measure(told)
    recall = {"plain": 2 / 5, "other": 2 / 5, "third": 1 / 5}
    assert found.items == {name: pytest.approx(2 * r / (r + 1)) for name, r in recall.items()}


def test_knowmem_on_a_model(subject):
    measured = subject.on("knowmem_forget")
    found = KnowMem(6).measure(measured)
    for sample in measured.samples:
        answer = (
            continued(subject, sample.prompt, 6).strip().split("\n\n")[0].split("\nQuestion")[0].split("Question:")[0]
        )
        assert found.items[sample.id] == f1(sample.completion, answer)


def test_what_has_no_value_is_counted(subject):
    odd = subject.on("odd")
    for metric in (VerbMem(4), KnowMem(4)):
        found = metric.measure(odd)
        assert set(found.items) == {"plain"}
        assert set(found.excluded) == {"no-prompt", "no-word", "short"}
    found = VerbMem(4, "verbatim_prompt", "verbatim_completion").measure(odd)
    assert found.n == 0
    assert len(found.excluded) == 4


def test_the_columns_and_their_directions():
    uses = {use.column: use for use in Muse().metrics()}
    averaged = [name for name, use in uses.items() if use.average and use.role != "diagnostic"]
    assert averaged == ["forget_verbmem", "knowmem_forgotten", "knowmem_retain"]
    assert uses["privleak"].role == "diagnostic"
    assert uses["privleak"].metric.options["reference"] == 0.4772
    assert Muse(kind="books").metrics()[6].metric.options["reference"] == 0.5393
    assert Muse(recipe="finetune").metrics()[6].metric.options["reference"] == "retrain"
    assert Muse(recipe="finetune", retrained_auc=0.4).metrics()[6].metric.options["reference"] == 0.4


def test_the_hub_is_asked_for_the_published_names(monkeypatch):
    asked = []

    def load_dataset(path, config, **options):
        asked.append((path, config, options["split"]))
        return [{"text": "a b c d e f", "prompt": "a", "gt": "b", "question": "q?", "answer": "r"}] * 10

    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    Muse(kind="books").corpus()
    assert set(asked) == {
        ("muse-bench/MUSE-Books", config, split)
        for config, splits in {
            "raw": ["forget", "retain1"], "privleak": ["holdout"], "verbmem": ["forget"],
            "knowmem": ["forget_qa", "forget_qa_icl", "retain_qa", "retain_qa_icl"],
        }.items()
        for split in splits
    }  # fmt: skip
