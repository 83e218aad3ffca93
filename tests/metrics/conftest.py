from __future__ import annotations

import copy

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from fairforget.api import Sample, Template
from fairforget.lm.encode import Encoder
from fairforget.run.measures.subject import LiveSubject

WORDS = (
    "who was born in paris rome oslo lima anna boris clara dario is a an the painter baker clerk he she lives near by "
    "and wrote one two three four five six seven eight nine ten books about rivers hills birds bread . ?"
).split()
NUMBERS = "one two three four five six".split()


@pytest.fixture
def tokenizer():
    """One token a word; neither a token for padding nor one that begins a text."""
    backend = Tokenizer(models.WordLevel({word: i for i, word in enumerate(["<unk>", "<end>", *WORDS])}, "<unk>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, unk_token="<unk>", eos_token="<end>", clean_up_tokenization_spaces=False
    )


@pytest.fixture
def model(tokenizer):
    with torch.random.fork_rng():
        torch.manual_seed(2)
        config = LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            initializer_range=0.3,
            bos_token_id=None,
            eos_token_id=1,
        )
        return LlamaForCausalLM(config).double().eval()


def person(name, place, trade, *, wrong=("rome", "oslo"), books=3):
    return Sample(
        id=f"{name}-birth",
        prompt=f"who is {name} ?",
        completion=f"{name} is a {trade} born in {place} and wrote {' '.join(NUMBERS[:books])} books about birds .",
        group=name,
        variants={
            "paraphrased_prompt": (f"{name} was born in ?",),
            "paraphrased_completion": (f"{name} was born in {place}",),
            "perturbed_completion": tuple(f"{name} was born in {city}" for city in wrong),
        },
    )


@pytest.fixture
def sets():
    """Every set has something odd: no variants, no completion, no prompt, or a completion of one word."""
    return {
        "forget": (
            person("anna", "paris", "painter"),
            person("boris", "lima", "baker", books=6),
            Sample("plain", "who wrote ?", "clara wrote ten books"),
            Sample("empty", "who is dario ?", ""),
        ),
        "retain": (
            person("clara", "oslo", "clerk", wrong=("lima",)),
            Sample("bare", "", "the painter lives near the rivers and the hills"),
            Sample("word", "", "birds"),
        ),
        "holdout": (person("dario", "rome", "baker"), Sample("void", "who ?", "")),
        "nobody": (),
    }


@pytest.fixture
def live(model, tokenizer):
    """Make a subject that knows nothing yet."""

    def make(sets, name, max_new_tokens=8):
        encode = Encoder(tokenizer, Template(), max_length=256).encode
        return LiveSubject(model, encode, sets, name, tokenizer=tokenizer, max_new_tokens=max_new_tokens)

    return make


@pytest.fixture
def passes(model):
    """The token ids of every row that went through the model, call by call."""
    calls = []

    def note(_module, _args, kwargs):
        mask = kwargs["attention_mask"][:, -kwargs["input_ids"].shape[1] :].bool()
        calls.append([row[kept].tolist() for row, kept in zip(kwargs["input_ids"], mask, strict=True)])

    handle = model.register_forward_pre_hook(note, with_kwargs=True)
    yield calls
    handle.remove()


@pytest.fixture
def subject(live, sets):
    return live(sets, "forget")


@pytest.fixture
def other(model, tokenizer):
    """The oracle: the same architecture with other weights, as a function that makes a subject."""
    changed = copy.deepcopy(model)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(5)
        for parameter in changed.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    encode = Encoder(tokenizer, Template(), max_length=256).encode
    return lambda sets: LiveSubject(changed, encode, sets, "forget", tokenizer=tokenizer, max_new_tokens=8)


@pytest.fixture
def compared(model, tokenizer, sets, other):
    """A subject with an oracle."""
    encode = Encoder(tokenizer, Template(), max_length=256).encode
    oracle = other(sets)
    return LiveSubject(model, encode, sets, "forget", tokenizer=tokenizer, max_new_tokens=8, reference=lambda: oracle)


class Told:
    """A subject whose model is written down: what metrics do with it can be computed by hand."""

    def __init__(
        self, samples, *, logprobs=None, hits=None, answers=None, pairs=None, others=None, moments=None, oracle=None
    ):
        self.samples = samples
        self._logprobs, self._hits, self._answers, self._pairs = logprobs, hits, answers, pairs
        self._others, self._moments, self._oracle = others or {}, moments, oracle

    def on(self, name):
        return self._others[name]

    def reference(self):
        return self._oracle

    def logprobs(self, prompt="prompt", completion="completion", *, scope="answer"):
        assert (prompt, completion, scope) == ("prompt", "completion", "answer")
        return self._logprobs

    def moments(self, prompt="prompt", completion="completion", *, scope="answer"):
        assert (prompt, completion, scope) == ("prompt", "completion", "answer")
        return self._moments

    def hits(self):
        return self._hits

    def generate(self, prompt="prompt"):
        return self._answers[prompt]

    def continuations(self, stride=1, shortest=1):
        return [[p for p in pairs[::stride] if len(p[1]) >= shortest] for pairs in self._pairs]


@pytest.fixture
def told():
    return Told
