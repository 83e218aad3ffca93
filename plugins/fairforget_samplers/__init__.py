"""First-party samplers and the difficulty scores they can bin by."""

from __future__ import annotations

from collections.abc import Iterable

from fairforget import Entry, hookimpl


@hookimpl
def fairforget_samplers() -> Iterable[Entry]:
    """Name the samplers."""
    return (
        Entry("random", "fairforget_samplers.random:Random", "uniformly random forget sets"),
        Entry("binned", "fairforget_samplers.binned:Binned", "easy, medium and hard forget sets, matched on length"),
        Entry(
            "in-out-distribution",
            "fairforget_samplers.in_out_distribution:InOutDistribution",
            "natural samples and others, matched pair by pair on length and initial loss",
        ),
        Entry("frequency", "fairforget_samplers.frequency:Frequency", "what was said seldom, and what was said often"),
        Entry("worst-case", "fairforget_samplers.worst_case:WorstCase", "the hardest sets a search by a score finds"),
    )


@hookimpl
def fairforget_difficulties() -> Iterable[Entry]:
    """Name the difficulty scores."""
    prefix = "fairforget_samplers.difficulty"
    return (
        Entry("mrd", f"{prefix}.mrd:Mrd", "memory removal difficulty: log-likelihood change under weight noise"),
        Entry("mrd-grad", f"{prefix}.mrd_grad:MrdGrad", "memory removal difficulty in closed form, from gradients"),
        Entry("mrd-monte-carlo", f"{prefix}.monte_carlo:MrdMonteCarlo", "every reading of Eq. 4 by option"),
        Entry("mrd-initial", f"{prefix}.initial:MrdInitial", "the first metric, Eq. 3: one direction, absolute change"),
        Entry("mrd-hessian", f"{prefix}.hessian:MrdHessian", "the curvature form of Theorem 3.2"),
        Entry("mrd-kl", f"{prefix}.kl:MrdKl", "divergence of the predictions under weight noise"),
        Entry("grad-norm", f"{prefix}.grad_norm:GradNorm", "norm of the gradient of the sample's loss"),
        Entry("loss", f"{prefix}.loss:Loss", "mean negative log-likelihood of the completion"),
        Entry("reference-loss", f"{prefix}.reference_loss:ReferenceLoss", "loss of models that never saw the sample"),
        Entry("held-out-loss", f"{prefix}.held_out_loss:HeldOutLoss", "loss of models trained without the sample"),
        Entry("memorization", f"{prefix}.memorization:Memorization", "memorization accuracy, or against other models"),
        Entry(
            "counterfactual-memorization",
            f"{prefix}.counterfactual_memorization:CounterfactualMemorization",
            "what models trained on it know of a sample, less what others do",
        ),
        Entry("extraction-likelihood", f"{prefix}.extraction_likelihood:ExtractionLikelihood", "n-grams recited"),
        Entry("entanglement", f"{prefix}.entanglement:Entanglement", "closeness to what is to be retained"),
        Entry("length", f"{prefix}.length:Length", "number of scored tokens"),
        Entry("frequency", f"{prefix}.frequency:Frequency", "how often the sample occurs in the training text"),
        Entry("lexical-diversity", f"{prefix}.lexical_diversity:LexicalDiversity", "variety of the words"),
        Entry("syntactic-complexity", f"{prefix}.syntactic_complexity:SyntacticComplexity", "how sentences are built"),
        Entry("rare-words", f"{prefix}.rare_words:RareWords", "words outside a common vocabulary"),
    )
