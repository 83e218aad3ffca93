"""The studies of the paper's tables: planned as they stand, and run on small stand-ins of the same form."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification, BertModel, BertTokenizer

from fairforget.claims.printed.beside import records_beside
from fairforget.cli import main
from fairforget.store.results import Results
from fairforget_tasks.paper.tables import paper_table

TABLES = {"paper-tofu": 1, "paper-wmdp": 4, "paper-whp": 5, "paper-safe": 6}
STUDIES = Path(__file__).parents[2] / "plugins" / "fairforget_tasks" / "studies"
ROWS = {"paper-tofu": 8, "paper-wmdp": 6, "paper-whp": 6, "paper-safe": 6}
"""Methods times curricula."""


@pytest.mark.parametrize(
    ("name", "needs", "updates"),
    [
        ("paper-tofu", "locuslab/TOFU", 8 * 5 * 5 * 400 // 4),
        ("paper-wmdp", "HuggingFaceH4/zephyr-7b-beta", 6 * 5 * 500),
        ("paper-whp", "meta-llama/Llama-2-7b-hf", 6 * 5 * 5 * 200 // 4),
        ("paper-safe", "PKU-Alignment/PKU-SafeRLHF", 6 * 5 * 5 * 200 // 4),
    ],
)
def test_a_study_is_planned_without_its_data_and_says_what_it_needs(name, needs, updates, capsys):
    assert main(["run", name, "--dry-run"]) == 0
    out = capsys.readouterr().out
    total = re.search(r"^total +(\S+) +(\S+) +\S+$", out, re.MULTILINE)
    assert [int(number.replace(",", "")) for number in total.groups()] == [5 * ROWS[name] + 1, updates]
    assert "scores the draw by mrd-monte-carlo" in out
    assert re.search(f"the study cannot run yet: .*{needs}", out)


@pytest.mark.parametrize("name", TABLES)
def test_settings_that_the_paper_does_not_give_are_marked(name):
    text = (STUDIES / f"{name}.yaml").read_text(encoding="utf-8")
    for key in ("sigma", "refresh", "batch_size", "dtype"):
        lines = [line for line in text.splitlines() if re.match(rf" +{key}:", line)]
        assert lines, key
        assert all("# not given in the paper: " in line for line in lines), key
    # What it does give: AdamW, 200 draws of MRD, five trials, the budget.
    for given in ("name: adamw", "preset: paper_literal", "seeds: 5"):
        (line,) = [line for line in text.splitlines() if given in line]
        assert "not given" not in line
    assert f"fairforget_tasks.paper {TABLES[name]} runs/{name}" in text


@pytest.fixture(scope="module")
def small(make, tmp_path_factory):
    """The folder of a small Llama with a chat template, and of texts to keep."""
    folder = tmp_path_factory.mktemp("stand-in")
    model = make.small_model(folder / "model", positions=1024)
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.chat_template = (
        "{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]{% else %} {{ m.content }}"
        "{% endif %}{% endfor %}"
    )
    tokenizer.save_pretrained(model)
    make.general(folder / "kept.jsonl", 100)
    return folder


@pytest.fixture(scope="module")
def lm_eval_data(make, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lm-eval")
    for place, row in make.LM_EVAL.items():
        make.lines(folder / f"{place}.jsonl", [row, row])
    return folder


def bert(kind, folder, **options):
    """Save a random model for sentences, with a tokenizer of letters."""
    letters = {word: i for i, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnop"])}
    letters |= {f"##{letter}": len(letters) + i for i, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}
    BertTokenizer(vocab=letters, model_max_length=64).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(letters),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=64,
        initializer_range=0.5,
        **options,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        kind(config).save_pretrained(folder)
    return folder


def run(name, folder, small, **settings):
    """Run a study by its name on a stand-in, and lay what came out beside its table."""
    common = {
        "model.path": small / "model",
        "model.gradient_checkpointing": "false",
        "seeds": 1,
        "engine": "inline",
        "evaluation.max_new_tokens": 4,
        "evaluation.retain": 4,
    }
    given = [f"{key.replace('__', '.')}={value}" for key, value in {**common, **settings}.items()]
    out = folder / "out"
    assert main(["run", name, "--out", str(out), *(word for one in given for word in ("--set", one))]) == 0
    records, rejected = Results.read([out])
    assert not rejected
    assert {record.status for record in records} == {"ok"}
    assert len(records) == ROWS[name] + 1
    board = json.loads((out / "board.json").read_text(encoding="utf-8"))
    assert len(board["tables"]) == 1
    table = paper_table(TABLES[name])
    rows = records_beside(table, records)
    assert len(rows) == sum(map(len, table.rows.values()))
    # Every printed number has one of ours, and it is a number.
    assert all(row.ours.estimate is not None and row.ours.missing == 0 for row in rows)
    assert len({row.ours.estimate.mean for row in rows}) > 1
    # The draw is the whole pool, as in the paper.
    assert {len(record.cell["draw"]["forget"]) for record in records} == {int(settings["forget_size"])}
    weighted = [r for r in records if r.cell["curriculum"] and r.cell["curriculum"]["label"] == "mrd-weighted"]
    assert len(weighted) == ROWS[name] // 2
    # 200 draws and the weights as they are, for every scoring of the draw.
    scored = {r.ledger["difficulty"]["forward_sequences"] / len(r.cell["draw"]["forget"]) / 201 for r in weighted}
    assert scored == {1.0}
    return rows


def questions(count, start, *, wrong=0, paraphrased=True):
    made = []
    for i in range(start, start + count):
        row = {"question": f"Who is author {i}?", "answer": f"Author {i} is Ada {i}."}
        if wrong:
            row["perturbed_answer"] = [f"Author {i} is Bob {k}." for k in range(wrong)]
            if paraphrased:
                row |= {"paraphrased_question": f"Name author {i}.", "paraphrased_answer": f"Ada {i} is author {i}."}
        made.append(row)
    return made


@pytest.mark.slow
def test_paper_tofu_runs_on_a_stand_in(make, small, tmp_path):
    splits = {
        "forget10": questions(20, 500),
        "forget10_perturbed": questions(20, 500, wrong=2),
        "retain90": questions(20, 0),
        "retain_perturbed": questions(20, 0, wrong=2),
        "real_authors_perturbed": questions(3, 900, wrong=2, paraphrased=False),
        "world_facts_perturbed": questions(3, 950, wrong=2, paraphrased=False),
    }
    for name, rows in splits.items():
        make.lines(tmp_path / "data" / f"{name}.json", rows)
    encoder = bert(BertModel, tmp_path / "encoder")
    settings = {
        "task.data": tmp_path / "data",
        "task.encoder": encoder,
        "forget_size": 20,
        "budget.epochs": 1,
        "evaluation.others": 4,
    }
    rows = run("paper-tofu", tmp_path, small, **settings)
    by_name = {(row.row, row.column): row.ours.estimate.mean for row in rows}
    mean = sum(by_name["NPO+", part] for part in ("UA", "MIA", "RR")) / 3
    assert by_name["NPO+", "UC"] == pytest.approx(mean)


@pytest.mark.slow
def test_paper_wmdp_runs_on_a_stand_in(make, small, tmp_path):
    data = tmp_path / "data"
    for domain, seed in (("bio", 1), ("cyber", 100)):
        make.general(data / f"{domain}-forget-corpus.jsonl", seed, number=2)
    for place, seed in (("wmdp-bio", 1), ("wmdp-chem", 2), ("wmdp-cyber", 3)):
        make.lines(data / f"{place}.jsonl", choices(make, seed, 3))
    for subject in ("virology", "philosophy", "sociology", "astronomy"):
        make.lines(data / "mmlu" / f"{subject}.jsonl", choices(make, len(subject), 2))
    rows = run(
        "paper-wmdp",
        tmp_path,
        small,
        **{
            "task.data": data,
            "task.tokenizer": small / "model",
            "task.chunk_tokens": 32,
            "task.chunks": 4,
            "task.retain": small / "kept.jsonl",
            "task.retain_chunks": 8,
            "forget_size": 8,
            "budget.updates": 2,
        },
    )
    by_name = {(row.row, row.column): row.ours.estimate.mean for row in rows}
    assert by_name["NPO", "UC"] == pytest.approx(sum(by_name["NPO", d] for d in ("bio", "chem", "cyber")) / 3)


def choices(make, seed, number):
    return [
        {
            "question": f"{make.prose(seed + i, 1)} Why?",
            "choices": ["a pony", "a heron", "a quilt", "a mill"],
            "answer": i,
        }
        for i in range(number)
    ]


@pytest.mark.slow
def test_paper_whp_runs_on_a_stand_in(make, small, lm_eval_data, tmp_path):
    (tmp_path / "book.txt").write_text(make.prose(1, 60), encoding="utf-8")
    rows = run(
        "paper-whp",
        tmp_path,
        small,
        **{
            "task.book": tmp_path / "book.txt",
            "task.chunks": 4,
            "task.unseen": 2,
            "task.chunk_tokens": 24,
            "task.continuation_tokens": 10,
            "task.tokenizer": "null",
            "task.epochs": 1,
            "task.retain": small / "kept.jsonl",
            "task.retain_chunks": 4,
            "task.lm_eval": lm_eval_data,
            "forget_size": 4,
            "budget.epochs": 1,
        },
    )
    assert {row.of.unit for row in rows} == {"share", "perplexity a word"}


@pytest.mark.slow
def test_paper_safe_runs_on_a_stand_in(make, small, lm_eval_data, tmp_path):
    make.lines(tmp_path / "pku" / "train.jsonl", make.answers(8))
    make.lines(tmp_path / "pku" / "test.jsonl", make.answers(4, seed=1000))
    make.lines(tmp_path / "prompts.jsonl", [{"prompt": {"text": make.prose(i, 1)[:20]}} for i in range(4)])
    labels = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]
    options = {"num_labels": len(labels), "id2label": dict(enumerate(labels))}
    classifier = bert(BertForSequenceClassification, tmp_path / "classifier", **options)
    rows = run(
        "paper-safe",
        tmp_path,
        small,
        **{
            "task.data": tmp_path / "pku",
            "task.answers": 4,
            "task.toxic_prompts": tmp_path / "prompts.jsonl",
            "task.fraction": 1.0,
            "task.classifier": classifier,
            "task.tokenizer": "null",
            "task.retain": small / "kept.jsonl",
            "task.retain_chunks": 4,
            "task.chunk_tokens": 24,
            "task.lm_eval": lm_eval_data,
            "forget_size": 4,
            "budget.epochs": 1,
        },
    )
    assert all(0 <= row.ours.estimate.mean <= 1 for row in rows if row.column.startswith("toxicity"))
