"""First-party unlearning methods, one a file, and the curricula they can be run under."""

from __future__ import annotations

from collections.abc import Iterable

from fairforget import Entry, hookimpl


@hookimpl
def fairforget_methods() -> Iterable[Entry]:
    """Name the methods."""
    return (
        Entry("untouched", "fairforget_methods.untouched:Untouched", "the target as it is (reference row)"),
        Entry("retrain", "fairforget_methods.retrain:Retrain", "the target trained without the draw (reference row)"),
        Entry("grad-ascent", "fairforget_methods.grad_ascent:GradAscent", "raise the loss on the forget samples"),
        Entry("grad-diff", "fairforget_methods.grad_diff:GradDiff", "gradient ascent, and descent on retain partners"),
        Entry("npo", "fairforget_methods.npo:Npo", "negative preference optimisation"),
        Entry("idk", "fairforget_methods.idk:Idk", "learn to refuse the forget prompts (preference optimisation, PO)"),
        Entry(
            "kl-min", "fairforget_methods.kl_min:KlMin", "gradient ascent, and KL from the target on retain partners"
        ),
        Entry("dpo", "fairforget_methods.dpo:Dpo", "prefer a refusal to the answer (direct preference optimisation)"),
        Entry("simnpo", "fairforget_methods.simnpo:SimNpo", "NPO by length-normalised loss, without a reference"),
        Entry("undial", "fairforget_methods.undial:Undial", "self-distillation with the answer's logits lowered"),
        Entry("wga", "fairforget_methods.wga:Wga", "ascent weighted by the confidence in each token"),
        Entry("satimp", "fairforget_methods.satimp:SatImp", "ascent weighted by saturation and importance"),
        Entry("ce-u", "fairforget_methods.ce_u:CeU", "cross-entropy against the model's other choices"),
        Entry("rmu", "fairforget_methods.rmu:Rmu", "steer hidden states of forget samples to a random direction"),
        Entry("pdu", "fairforget_methods.pdu:Pdu", "flat logits under a bound on the retain loss (primal-dual)"),
        Entry(
            "task-vector", "fairforget_methods.task_vector:TaskVector", "the opposite of fine-tuning on forget samples"
        ),
        Entry(
            "who-is-harry-potter",
            "fairforget_methods.who_is_harry_potter:WhoIsHarryPotter",
            "learn generic labels, told by a model that was reinforced on the forget samples",
        ),
        Entry(
            "checkpoint",
            "fairforget_methods.checkpoint:Checkpoint",
            "models that were unlearned elsewhere, one folder a draw",
        ),
        Entry(
            "flat", "fairforget_methods.flat:Flat", "an f-divergence between refusals and answers, without retain data"
        ),
    )


@hookimpl
def fairforget_curricula() -> Iterable[Entry]:
    """Name the curricula."""
    return (
        Entry("uniform", "fairforget_methods.curricula.uniform:Uniform", "every forget sample once an epoch, shuffled"),
        Entry(
            "mrd-weighted",
            "fairforget_methods.curricula.mrd_weighted:MrdWeighted",
            "sample easy forget samples more often, by MRD (curriculum gradient ascent, CGA)",
        ),
        Entry(
            "inverse-mrd-weighted",
            "fairforget_methods.curricula.inverse_mrd_weighted:InverseMrdWeighted",
            "sample hard forget samples more often, by MRD",
        ),
        Entry(
            "shuffled-mrd",
            "fairforget_methods.curricula.shuffled_mrd:ShuffledMrd",
            "the weights of mrd-weighted, dealt out to other samples (control)",
        ),
        Entry(
            "easy-to-hard",
            "fairforget_methods.curricula.easy_to_hard:EasyToHard",
            "every forget sample once an epoch, the easiest first, by MRD",
        ),
        Entry(
            "hard-to-easy",
            "fairforget_methods.curricula.hard_to_easy:HardToEasy",
            "every forget sample once an epoch, the hardest first, by MRD",
        ),
        Entry(
            "coreset",
            "fairforget_methods.curricula.coreset:Coreset",
            "a random part of the forget samples only, by default 5 % (control)",
        ),
    )
