"""A tiny model, and data of the hub's schemas made up here."""

from __future__ import annotations

import json
import random

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from fairforget.api import Sample, Template
from fairforget.lm.encode import Encoder
from fairforget.run.measures.subject import LiveSubject

WORDS = (
    "the a river hill stone bird sings flows stands over under near yellow quiet seven three kettle lamp question why "
    "which is true false answer paints carries holds window garden morning paper bridge salt"
).split()


@pytest.fixture(scope="session")
def tokenizer():
    """Byte-level, with an end-of-text token and neither one for padding nor one that begins a text."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=["<end>"], initial_alphabet=alphabet)
    backend.train_from_iterator([" ".join(WORDS)] * 3, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<end>")


def llama(tokenizer, *, context=2048, tied=True):
    with torch.random.fork_rng():
        torch.manual_seed(5)
        config = LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=context,
            initializer_range=0.3,
            tie_word_embeddings=tied,
            bos_token_id=None,
            eos_token_id=0,
        )
        return LlamaForCausalLM(config).eval()


@pytest.fixture
def make_model(tokenizer):
    def make(**options):
        return llama(tokenizer, **options)

    return make


@pytest.fixture
def live(tokenizer):
    """Make a subject that knows nothing yet."""

    def make(model):
        sets = {"forget": (), "retain": (Sample("one", "which bird", "sings"),)}
        encode = Encoder(tokenizer, Template(), max_length=256).encode
        return LiveSubject(model, encode, sets, "forget", tokenizer=tokenizer, max_new_tokens=4)

    return make


class Maker:
    """Rows in the schemas of the hub; a method a data set."""

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def words(self, k):
        return " ".join(self.rng.choices(WORDS, k=k))

    def lettered(self):
        return {"choices": {"text": [self.words(2) for _ in range(4)], "label": list("ABCD")}, "answerKey": "B"}

    def boolq(self):
        return {"question": self.words(4), "passage": self.words(12), "label": self.rng.randrange(2)}

    def rte(self):
        return {"sentence1": self.words(8), "sentence2": self.words(4), "label": self.rng.randrange(2)}

    def hellaswag(self):
        endings = [self.words(5) + f" {i}" for i in range(4)]
        context = {"ctx_a": self.words(5), "ctx_b": self.words(2), "activity_label": self.words(1)}
        return {**context, "endings": endings, "label": "2"}

    def winogrande(self):
        options = {"option1": self.words(1), "option2": self.words(2), "answer": self.rng.choice("12")}
        return {"sentence": f"{self.words(3)} _ {self.words(4)}", **options}

    def arc(self):
        return {"question": self.words(5), **self.lettered()}

    def openbookqa(self):
        return {"question_stem": self.words(5), **self.lettered()}

    def piqa(self):
        return {"goal": self.words(4), "sol1": self.words(3), "sol2": self.words(5), "label": self.rng.randrange(2)}

    def lettered_by_number(self):
        choices = [self.words(2) for _ in range(4)]
        return {"question": self.words(6), "choices": choices, "answer": self.rng.randrange(4)}

    def truthfulqa(self):
        choices = [f"{self.words(3)} {i}" for i in range(4)]
        one, several = ({"choices": choices, "labels": labels} for labels in ([1, 0, 0, 0], [1, 1, 0, 0]))
        return {"question": self.words(4), "mc1_targets": one, "mc2_targets": several}

    def wikitext(self):
        return {"page": f" = {self.words(2)} = \n {self.words(40)} @-@ {self.words(30)} . \n"}


PLACES = {
    "super_glue/boolq/validation": ("boolq", 9),
    "glue/rte/validation": ("rte", 6),
    "hellaswag/validation": ("hellaswag", 5),
    "winogrande/winogrande_xl/validation": ("winogrande", 7),
    "ai2_arc/ARC-Challenge/test": ("arc", 5),
    "ai2_arc/ARC-Easy/test": ("arc", 8),
    "openbookqa/main/test": ("openbookqa", 6),
    "piqa/validation": ("piqa", 7),
    "mmlu/anatomy/test": ("lettered_by_number", 6),
    "mmlu/anatomy/dev": ("lettered_by_number", 5),
    "mmlu/virology/test": ("lettered_by_number", 4),
    "wmdp/wmdp-bio/test": ("lettered_by_number", 9),
    "wmdp/wmdp-chem/test": ("lettered_by_number", 3),
    "wmdp/wmdp-cyber/test": ("lettered_by_number", 5),
    "truthful_qa/multiple_choice/validation": ("truthfulqa", 6),
    "wikitext_document_level/wikitext-2-raw-v1/test": ("wikitext", 4),
}


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """A folder that holds every data set of `PLACES`."""
    folder, maker = tmp_path_factory.mktemp("lm-eval-data"), Maker(3)
    for place, (task, n) in PLACES.items():
        file = folder / f"{place}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(json.dumps(row) + "\n" for row in (getattr(maker, task)() for _ in range(n))))
    return folder


@pytest.fixture(scope="session")
def by_hand(tokenizer):
    """lm_eval.simple_evaluate on unchanged stock task files; only what the hub would send is handed to them."""

    def evaluate(model, tasks, data, *, limit=None, num_fewshot=None, batch_size=16):
        import copy

        import datasets
        import lm_eval.evaluator
        from lm_eval.models.huggingface import HFLM

        def from_hub(path, name=None, **_):
            folder = data / path.rpartition("/")[2] / (name or "")
            found = {
                file.stem: datasets.Dataset.from_list([json.loads(line) for line in file.read_text().splitlines()])
                for file in folder.glob("*.jsonl")
            }
            # The stock files name splits that no zero-shot measurement reads.
            spare = next(iter(found.values()))
            return datasets.DatasetDict({"train": spare, "validation": spare, "test": spare, "dev": spare} | found)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(datasets, "load_dataset", from_hub)
            # A report on the machine, which takes longer than the rest.
            patch.setattr(lm_eval.evaluator, "add_env_info", lambda _: None)
            lm = HFLM(pretrained=model, tokenizer=copy.deepcopy(tokenizer), batch_size=batch_size)
            return lm_eval.simple_evaluate(
                lm, tasks=tasks, limit=limit, num_fewshot=num_fewshot, bootstrap_iters=0, log_samples=True
            )

    return evaluate
