"""Small models made from nothing, with a tokenizer trained on the corpus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fairforget.api.sample import Corpus, Sample
from fairforget.api.task import Scratch, Template
from fairforget.errors import FairforgetError, did_you_mean

END = "<|end|>"
PAD = "<|pad|>"


def corpus_texts(corpus: Corpus, template: Template) -> Iterator[str]:
    """Yield every text of a corpus as the model meets it, trained on or not, other wordings included.

    The tokenizer learns from all of them: that a string is one token must not tell who was in the training set.
    """
    for text in corpus.training_texts():
        yield _whole(template, text.prompt, text.completion)
    evaluated = [sample for samples in corpus.evaluation.values() for sample in samples]
    for sample in (*corpus.pool, *corpus.retain, *corpus.holdout, *evaluated):
        yield _whole(template, sample.prompt, sample.completion)
        yield from _variants(sample)
    yield from corpus.refusals


def _whole(template: Template, prompt: str, completion: str) -> str:
    return template.prompt.replace("{prompt}", prompt) + template.completion.replace("{completion}", completion)


def _variants(sample: Sample) -> Iterator[str]:
    for wordings in sample.variants.values():
        for text in wordings:
            yield f" {text}"


def train_tokenizer(corpus: Corpus, template: Template, vocabulary: int) -> Any:
    """Train a byte-level BPE tokenizer: any text can be encoded, the same corpus gives the same tokenizer."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[PAD, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(corpus_texts(corpus, template), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, eos_token=END, pad_token=PAD, clean_up_tokenization_spaces=False
    )


def build_model(base: Scratch, tokenizer: Any, seed: int) -> Any:
    """Return a freshly initialised float32 model; the global random state is left as it was.

    Raises:
        FairforgetError: transformers knows no such ``model_type``, or its config no such argument.
    """
    import torch
    from huggingface_hub.errors import StrictDataclassError
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM

    options = dict(base.config)
    kind = options.pop("model_type", None)
    if kind not in CONFIG_MAPPING:
        msg = f"unknown model_type {kind!r} in the task's recipe. {did_you_mean(str(kind), CONFIG_MAPPING.keys())}"
        raise FairforgetError(msg)
    sizes = {
        "vocab_size": len(tokenizer),
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            config = CONFIG_MAPPING[kind](**sizes, **options)
            model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
        except (TypeError, ValueError, StrictDataclassError) as error:
            msg = f"a {kind!r} model cannot be made from {options}: {error}"
            raise FairforgetError(msg) from error
    return model
