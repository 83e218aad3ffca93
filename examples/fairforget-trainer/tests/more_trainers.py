"""A plugin file with Trainers of other kinds; given with ``--plugin``."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from fairforget_trainer import TrainerMethod
from torch.nn.functional import logsigmoid
from transformers import Trainer, TrainerCallback

from fairforget import Entry, hookimpl


@hookimpl
def fairforget_methods():
    kinds = (Preference, Regex, Frozen, Busy, Stopper, States, Scheduled, Clipped)
    return [Entry(kind.__name__.lower(), f"{__name__}:{kind.__name__}") for kind in kinds]


def log_probability(model, inputs):
    logits = model(**inputs).logits[:, :-1].float()
    labels = inputs["labels"][:, 1:]
    found = torch.log_softmax(logits, -1).gather(-1, labels.clamp_min(0).unsqueeze(-1)).squeeze(-1)
    return (found * (labels != -100)).sum(-1)


class PreferenceTrainer(Trainer):
    def __init__(self, beta, **kwargs):
        super().__init__(**kwargs)
        self.beta = beta
        self.reference = self.accelerator.prepare_model(copy.deepcopy(self.model).eval(), evaluation_mode=True)

    def compute_loss(self, model, inputs, return_outputs=False):
        won, lost = inputs["forget"]["alternate"], inputs["forget"]["original"]
        with torch.no_grad():
            before = log_probability(self.reference, won) - log_probability(self.reference, lost)
        margin = log_probability(model, won) - log_probability(model, lost) - before
        loss = -2 / self.beta * logsigmoid(self.beta * margin).mean()
        return (loss, None) if return_outputs else loss


@dataclass(frozen=True)
class Preference(TrainerMethod):
    """As open-unlearning's DPO."""

    alternates = True
    uses_retain = False
    beta: Annotated[float, "inverse temperature"] = 0.1

    def trainer(self, **common: Any) -> Trainer:
        return PreferenceTrainer(self.beta, **common)


class RegexTrainer(Trainer):
    """Trains only some matrices, by way of its optimizer, as open-unlearning's RMU."""

    def create_optimizer(self, *args):
        raise AssertionError("the harness makes the optimizer")

    def compute_loss(self, model, inputs, return_outputs=False):
        loss = -model(**inputs["forget"]).loss
        return (loss, None) if return_outputs else loss


@dataclass(frozen=True)
class Regex(TrainerMethod):
    """Refused: nobody says what takes the place of the override."""

    def trainer(self, **common: Any) -> Trainer:
        return RegexTrainer(**common)


@dataclass(frozen=True)
class Frozen(Regex):
    """The same Trainer, with what its optimizer would have chosen."""

    handled = frozenset({"create_optimizer"})

    def trained(self, name):
        return re.search(r"mlp\.down_proj", name) is not None

    def unlearn(self, run):
        before = {name: p.detach().clone() for name, p in run.model.named_parameters()}
        super().unlearn(run)
        for name, p in run.model.named_parameters():
            assert p.requires_grad
            assert torch.equal(p, before[name]) != self.trained(name), name


class Heard(TrainerCallback):
    def __init__(self):
        self.events = []

    def on_train_begin(self, args, state, control, **kwargs):
        self.events.append("train")

    def on_epoch_begin(self, args, state, control, **kwargs):
        self.events.append("epoch")

    def on_step_end(self, args, state, control, **kwargs):
        self.events.append(state.global_step)

    def on_epoch_end(self, args, state, control, **kwargs):
        self.events.append(f"end {state.epoch:g}")

    def on_train_end(self, args, state, control, **kwargs):
        self.events.append("trained")


class BusyTrainer(RegexTrainer):
    create_optimizer = Trainer.create_optimizer

    def compute_loss(self, model, inputs, return_outputs=False):
        self.log({"step": float(self.state.global_step)})
        return super().compute_loss(model, inputs, return_outputs)


@dataclass(frozen=True)
class Busy(TrainerMethod):
    """Logs, and has a callback."""

    uses_retain = False

    def trainer(self, **common: Any) -> Trainer:
        before = torch.get_rng_state()
        made = BusyTrainer(**common)
        assert not torch.equal(before, torch.get_rng_state())  # a Trainer seeds; the adapter undoes it
        made.add_callback(Heard())
        object.__setattr__(self, "made", made)
        return made

    def unlearn(self, run):
        before = torch.get_rng_state()
        super().unlearn(run)
        assert torch.equal(before, torch.get_rng_state())
        (heard,) = (c for c in self.made.callback_handler.callbacks if isinstance(c, Heard))
        epochs = (["epoch", 1, 2, "end 1"], ["epoch", 3, 4, "end 2"], ["epoch", 5, "end 2.5"])
        assert heard.events == ["train", *epochs[0], *epochs[1], *epochs[2], "trained"]
        assert [line["step"] for line in self.made.state.log_history] == [0, 1, 2, 3, 4]


class Enough(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        control.should_training_stop = state.global_step == 2
        return control


@dataclass(frozen=True)
class Stopper(Busy):
    """Stops by itself."""

    def trainer(self, **common: Any) -> Trainer:
        made = BusyTrainer(**common)
        made.add_callback(Enough())
        return made

    unlearn = TrainerMethod.unlearn


class StatesTrainer(Trainer):
    """Moves the states before the first block to nought, as open-unlearning's RMU moves those after another."""

    def __init__(self, hook, **kwargs):
        super().__init__(**kwargs)
        self.hook = hook

    def compute_loss(self, model, inputs, return_outputs=False):
        states = self._by_hook(model, inputs["forget"]) if self.hook else self._by_outputs(model, inputs["forget"])
        scored = inputs["forget"]["labels"] != -100
        return (states.square().mean(-1) * scored).sum() / scored.sum()

    def _by_hook(self, model, inputs):
        kept = []
        below = self.model.get_submodule("model.embed_tokens")
        handle = below.register_forward_hook(lambda module, given, output: kept.append(output))
        model(**inputs)
        handle.remove()
        return kept[0]

    def _by_outputs(self, model, inputs):
        return model(**inputs, output_hidden_states=True).hidden_states[0]


@dataclass(frozen=True)
class States(TrainerMethod):
    """Looks inside by a hook, or by the outputs."""

    uses_retain = False
    hook: Annotated[bool, "whether by a hook"] = True

    def trainer(self, **common: Any) -> Trainer:
        return StatesTrainer(self.hook, **common)


@dataclass(frozen=True)
class Scheduled(TrainerMethod):
    """Brings an optimizer."""

    def trainer(self, **common: Any) -> Trainer:
        return BusyTrainer(**common, optimizers=(torch.optim.SGD(common["model"].parameters(), lr=1.0), None))


class ClippedTrainer(BusyTrainer):
    def _clip_grad_norm(self, model):
        raise AssertionError("the harness clips")


@dataclass(frozen=True)
class Clipped(TrainerMethod):
    """Clips by itself."""

    def trainer(self, **common: Any) -> Trainer:
        return ClippedTrainer(**common)
