"""Options of a task that is made in a second, and an optimizer for its cells."""

from __future__ import annotations

OPTIONS = {
    "people": 8, "retain_people": 4, "holdout_people": 4, "samples": 2, "world_facts": 4, "frequencies": [2],
    "distributions": ["in"], "lengths": ["short"], "rare_words": [0], "hidden_size": 32, "layers": 1,
    "vocabulary": 400, "epochs": 2, "learning_rate": 6e-3,
}  # fmt: skip
OPTIMIZER = {
    "name": "adamw", "lr": 3e-4, "batch_size": 4, "weight_decay": 0.0, "betas": [0.9, 0.999], "eps": 1e-8,
    "max_grad_norm": 1.0, "warmup": 0,
}  # fmt: skip
