"""What the harness's update loop costs beside a bare one that a careful person writes for one method on one draw.

    pytest benchmarks/speed/test_loop.py --benchmark-enable -s

prints the ratios, which are also kept in ``extra_info``. The bare loop is given its texts as
tensors and pads them to batches, asks the model only for the logits it needs, and checks nothing; both take the same
updates, which is tested. Processor time on one
thread, in rounds that alternate; the ratio is the median of the ratios of the rounds, so that what else the machine
does from minute to minute cancels.
"""

from __future__ import annotations

import copy
import statistics
import time
import warnings

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from torch.nn.utils.rnn import pad_sequence

from fairforget.api import Curriculum
from fairforget.run.counting.ledger import Ledger
from fairforget.run.updates.budget import Budget
from fairforget.run.updates.live import LiveRun
from fairforget.run.updates.order import Order
from fairforget.run.updates.reference import Reference
from fairforget_methods.grad_ascent import GradAscent
from fairforget_methods.grad_diff import GradDiff

pytestmark = [pytest.mark.bench, pytest.mark.benchmark(timer=time.process_time)]

LIMIT, WITH_AN_ADAPTER = 1.05, 1.10
"""An adapter is put in and merged at every update, so that whoever looks in between meets a whole model."""
ADAPTER = {"r": 8, "alpha": 16.0, "dropout": 0.0, "target_modules": None}
SIZES = {"biographies": (20, 8, 20, 25), "SmolLM2-135M": (8, 4, 2, 3)}
"""Samples to forget, of a batch, updates, rounds."""


class Setting:
    """One draw, ready to be unlearned again and again."""

    def __init__(self, subject, method, adapter):
        self.size, self.batch, self.updates, self.rounds = SIZES[subject.name]
        self.model, self.method, self.adapter = subject.model, method, adapter
        self.forget = subject.samples.take(range(self.size))
        self.retain = subject.samples.take(range(self.size, len(subject.samples)))
        self.settings = {
            "name": "adamw",
            "lr": 1e-5,
            "batch_size": self.batch,
            "weight_decay": 0.0,
            "betas": [0.9, 0.999],
            "eps": 1e-8,
            "max_grad_norm": 1.0,
            "warmup": 0,
            **({} if adapter is None else {"adapter": adapter}),
        }
        self.start = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        batches = zip(range(self.updates), self.order().epochs(lambda _: None, lambda: 0.0), strict=False)
        self.batches = [[texts(self.forget.take(f)), texts(self.retain.take(r))] for _, (f, r) in batches]

    def order(self):
        samples = [encoded.sample for encoded in self.forget]
        return Order(samples, Curriculum(), self.batch, len(self.retain), ("benchmark", 0))

    def restore(self):
        self.model.load_state_dict(self.start)
        self.model.requires_grad_(True).zero_grad()
        return self.model.eval()

    def untouched(self):
        model = copy.deepcopy(self.model)
        model.load_state_dict(self.start)
        return model

    def harness(self):
        ledger = Ledger()
        run = LiveRun(
            model=self.model,
            forget=self.forget,
            retain=self.retain,
            order=self.order(),
            budget=Budget("updates", self.updates),
            settings=self.settings,
            ledger=ledger,
            reference=Reference(self.untouched, ledger),
            score=lambda epoch: np.zeros(self.size),
            refusals=self.forget.take,
            oracle=lambda: None,
        )
        with ledger.watch(self.model), ledger.phase("unlearning"):
            self.method.unlearn(run)
        assert ledger.updates == self.updates

    def bare(self):
        model = self.model
        if self.adapter is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                config = LoraConfig(r=8, lora_alpha=16.0, task_type="CAUSAL_LM")
                model = get_peft_model(model, config)
        parameters = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(parameters, lr=1e-5, weight_decay=0.0, fused=True)
        model.train()
        for forget, retain in self.batches:
            optimizer.zero_grad()
            loss = -mean_loss(model, forget)
            if isinstance(self.method, GradDiff):
                loss = loss + mean_loss(model, retain)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
        if self.adapter is not None:
            model.merge_and_unload()
        self.model.eval()


def texts(samples):
    """Return the ids and the labels of every sample, each as tensors of its own length."""
    alone = [samples.take([i]).batch(eos=True) for i in range(len(samples))]
    return [one.input_ids[0] for one in alone], [one.labels[0] for one in alone]


def mean_loss(model, samples):
    ids, labels = samples
    mask = pad_sequence([torch.ones_like(one) for one in ids], batch_first=True)
    labels = pad_sequence(labels, batch_first=True, padding_value=-100)[:, 1:]
    columns = (labels != -100).any(0).nonzero().squeeze(-1)
    logits = model(
        input_ids=pad_sequence(ids, batch_first=True), attention_mask=mask, use_cache=False, logits_to_keep=columns
    ).logits
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), labels[:, columns].flatten())


def moved(setting, run):
    """Return how far `run` moves the weights."""
    setting.restore()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        run()
    return torch.cat([(t - setting.start[n]).flatten() for n, t in setting.model.state_dict().items()])


def spent(setting, run):
    setting.restore()
    begin = time.process_time()
    run()
    return time.process_time() - begin


@pytest.mark.parametrize("adapter", [None, ADAPTER], ids=["weights", "adapter"])
@pytest.mark.parametrize("method", [GradAscent(), GradDiff()], ids=["grad-ascent", "grad-diff"])
def test_the_loop_beside_a_bare_one(benchmark, subject, method, adapter):
    setting = Setting(subject, method, adapter)
    try:
        if adapter is None:
            # An adapter starts from other random numbers in the two loops.
            ways = torch.stack([moved(setting, setting.harness), moved(setting, setting.bare)])
            assert torch.nn.functional.cosine_similarity(*ways, dim=0) > 0.99, "the same updates"
        if benchmark.disabled:
            benchmark(setting.harness)  # once, untimed
            return
        bare = []

        def before():
            bare.append(spent(setting, setting.bare))
            setting.restore()

        benchmark.pedantic(setting.harness, setup=before, rounds=setting.rounds, warmup_rounds=1)
        harness = benchmark.stats.stats.data
        ratio = statistics.median(h / b for h, b in zip(harness, bare[1:], strict=True))
        each = statistics.median(bare[1:]) / setting.updates
        benchmark.extra_info.update(ratio=ratio, milliseconds_of_a_bare_update=1000 * each)
        print(f"\n{benchmark.name}: {1000 * each:.1f} ms an update when bare, ratio {ratio:.3f}")
        assert ratio <= (LIMIT if adapter is None else WITH_AN_ADAPTER)
    finally:
        setting.restore()
