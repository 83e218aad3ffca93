"""The sizes of decoder-only transformers, as their published configs give them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Shape:
    """A transformer of Llama's kind: no biases, gated MLP, RMS norms, queries in groups over keys and values."""

    name: str
    vocabulary: int
    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    tied: bool
    """Whether the output projection is the embedding."""
    head_size: int | None = None
    """None = hidden / heads."""
    source: str = ""
    """Where the numbers come from."""

    @property
    def head(self) -> int:
        """Size of a head."""
        return self.hidden // self.heads if self.head_size is None else self.head_size

    @property
    def attended(self) -> int:
        """Width of all queries of a layer together."""
        return self.heads * self.head

    @property
    def block(self) -> int:
        """Weights in the matrices of one layer: queries, keys, values, output; gate, up, down."""
        return self.hidden * (2 * self.attended + 2 * self.kv_heads * self.head) + 3 * self.hidden * self.intermediate

    @property
    def embedding(self) -> int:
        """Weights of the embedding, and of the output projection."""
        return self.vocabulary * self.hidden

    @property
    def parameters(self) -> int:
        """All weights, each once; two norms a layer and one at the end."""
        norms = (2 * self.layers + 1) * self.hidden
        return self.layers * self.block + self.embedding * (1 if self.tied else 2) + norms

    @property
    def cached(self) -> int:
        """Numbers that the key-value cache keeps of one token."""
        return 2 * self.layers * self.kv_heads * self.head


EMBEDDED: Final = Shape(
    "biographies", 1024, 128, 256, 2, 4, 4, tied=True, source="the task biographies with its default options"
)
"""The tokenizer of a small corpus has fewer entries than the 1,024 it may have, and the model fewer weights."""
PUBLISHED: Final = (
    Shape("SmolLM2-135M", 49_152, 576, 1_536, 30, 9, 3, tied=True, source="HuggingFaceTB/SmolLM2-135M, config.json"),
    Shape("Llama-3.2-1B", 128_256, 2_048, 8_192, 16, 32, 8, tied=True, source="meta-llama/Llama-3.2-1B, config.json"),
    Shape("Llama-2-7B", 32_000, 4_096, 11_008, 32, 32, 32, tied=False, source="meta-llama/Llama-2-7b-hf, config.json"),
    Shape("Llama-3.1-8B", 128_256, 4_096, 14_336, 32, 32, 8, tied=False, source="meta-llama/Llama-3.1-8B, config.json"),
    Shape(
        "Llama-3.1-70B", 128_256, 8_192, 28_672, 80, 64, 8, tied=False, source="meta-llama/Llama-3.1-70B, config.json"
    ),
)
"""With 134,515,008, 1,235,814,400, 6,738,415,616, 8,030,261,248 and 70,553,706,496 weights, as their makers say."""
LADDER: Final = (EMBEDDED, PUBLISHED[0], PUBLISHED[1], PUBLISHED[3], PUBLISHED[4])
"""From the smallest to the largest, for tables."""


def config_of(shape: Shape) -> dict[str, Any]:
    """Return the keys of the config.json of a Llama of this shape."""
    return {
        "model_type": "llama",
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.hidden,
        "intermediate_size": shape.intermediate,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head,
        "tie_word_embeddings": shape.tied,
    }
