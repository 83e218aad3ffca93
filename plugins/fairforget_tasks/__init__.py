"""First-party tasks, metrics, studies and claims."""

from __future__ import annotations

from collections.abc import Iterable

from fairforget import Entry, hookimpl


@hookimpl
def fairforget_tasks() -> Iterable[Entry]:
    """Name the tasks."""
    return (
        Entry("biographies", "fairforget_tasks.biographies:Biographies", "fictitious people of controlled difficulty"),
        Entry("tofu", "fairforget_tasks.tofu:Tofu", "TOFU: question and answer about fictitious authors"),
        Entry("whp", "fairforget_tasks.whp:Whp", "Who's Harry Potter, with any book: pages a model knows by heart"),
        Entry("safe", "fairforget_tasks.safe:Safe", "unsafe answers of PKU-SafeRLHF, and the toxicity that is left"),
        Entry("wmdp", "fairforget_tasks.wmdp:Wmdp", "WMDP: hazardous knowledge, by multiple-choice questions"),
        Entry("muse", "fairforget_tasks.muse:Muse", "MUSE: news or books, verbatim and as knowledge"),
        Entry("facts", "fairforget_tasks.facts:Facts", "capitals and chemical symbols that a pretrained model knows"),
    )


@hookimpl
def fairforget_claims() -> Iterable[Entry]:
    """Name the claims."""
    return (
        _claim("c1", "which samples are forgotten decides more than chance in training (Fig. 2, 3)"),
        _claim("c1-updates", "the same, of the updates it takes"),
        _claim("c2", "the order of NPO and GradDiff turns on some forget sets (Fig. 2)"),
        _claim("c3", "the higher its MRD, the fewer updates a sample takes, outside (Fig. 4)"),
        _claim("c3-inside", "the same, inside"),
        _claim("c4", "a sample takes 1 / MRD updates, outside (Definition 3.4)"),
        _claim("c4-inside", "the same, inside"),
        _claim("c5", "MRD tells more than simpler scores, outside"),
        _claim("c5-inside", "the same, inside"),
        _claim("c6", "methods agree which samples take long (Fig. 4)"),
        _claim("c7", "drawing samples by their MRD forgets more, outside (Table 1)"),
        _claim("c7-inside", "the same, inside"),
        _claim("c8", "drawing samples by their MRD keeps more utility, outside (Table 1)"),
        _claim("c8-inside", "the same, inside"),
        _claim("c9", "drawing samples by their MRD takes fewer updates, outside (§3.4)"),
        _claim("c9-inside", "the same, inside"),
        _claim("c9-cost", "and pays for its scores, outside (§3.4)"),
        _claim("c9-cost-inside", "the same, inside"),
        _claim("c9-sizes", "and saves more on large forget sets, outside (§3.4)"),
        _claim("c9-sizes-inside", "the same, inside"),
        _claim("c9-worst", "and does not neglect the hard samples, outside"),
        _claim("c9-worst-inside", "the same, inside"),
        _claim("c10", "the error of MRD falls as .756/√K (Fig. 5b)"),
        _claim("c11", "MRD does not depend on sigma, inside (Fig. 5a)"),
        _claim("c11-outside", "the same, outside"),
        _claim("c11-bf16", "the same in bfloat16, inside"),
        _claim("c11-outside-bf16", "the same in bfloat16, outside"),
        _claim("c12", "high initial probability goes with low MRD, outside (§3.3)"),
        _claim("c12-inside", "the same, inside"),
        _claim("c13", "what was trained often has a low MRD, outside (§3.3)"),
        _claim("c13-inside", "the same, inside"),
        _claim("c13-updates", "what was trained often takes more updates (§3.3)"),
        _claim("c14", "complex samples have a high MRD, outside (§3.3)"),
        _claim("c14-inside", "the same, inside"),
        _claim("c14-rare-words", "samples with rare words have a high MRD, outside (§3.3)"),
        _claim("c14-rare-words-inside", "the same, inside"),
        _claim("c14-updates", "complex samples take fewer updates (§3.3)"),
        _claim("c14-rare-words-updates", "samples with rare words take fewer updates (§3.3)"),
        _claim("c15", "MRD is curvature (Theorem 3.2)"),
        _claim("c16", "samples out of distribution take more steps to unlearn (2411.04388)"),
        _claim("c16-trade-off", "and cost less utility where they are forgotten as far"),
        _claim("c17", "unlearning natural samples costs utility faster (2411.04388)"),
        _claim("c18", "what is memorised more takes more updates (2411.04388)"),
        _claim("c18-difficulty", "and so does what other text does not teach"),
        _claim("c19", "frequent knowledge is harder to unlearn (2504.05058)"),
        _claim("c20", "a model stops saying what it still finds likely (2504.05058)"),
        _claim("c21", "the larger, the more so (2504.05058)"),
        _claim("c22", "five per cent of a forget set unlearn as well as all of it (2504.10185)"),
        _claim("c24", "the least uncertain samples first keep more utility (Kumar et al. 2026)"),
        _claim("c24-mrd", "the easiest samples first, by MRD, keep more utility (§3.4)"),
        _claim("c24-against", "the first of the two against the second"),
        _claim("readings", "the two readings of MRD rank alike (Eq. 4)"),
    )


def _claim(name: str, summary: str) -> Entry:
    return Entry(name, f"fairforget_tasks:claims/{name}.yaml", summary)


@hookimpl
def fairforget_metrics() -> Iterable[Entry]:
    """Name the metrics."""
    prefix = "fairforget_tasks.metrics"
    return (
        Entry("probability", f"{prefix}.probability:Probability", "length-normalised probability of the completion"),
        Entry("rouge-l", f"{prefix}.rouge_l:RougeL", "ROUGE-L recall of the greedy answer"),
        Entry(
            "unlearning-accuracy",
            f"{prefix}.unlearning_accuracy:UnlearningAccuracy",
            "1 - share of questions answered nearest the true answer, by sentence embeddings (UA)",
        ),
        Entry(
            "unlearning-accuracy-overlap",
            f"{prefix}.unlearning_accuracy_overlap:UnlearningAccuracyOverlap",
            "1 - share of questions answered nearest the true answer, by words in common",
        ),
        Entry("mia-loss", f"{prefix}.mia_loss:MiaLoss", "membership inference by the loss (AUC)"),
        Entry("mia-zlib", f"{prefix}.mia_zlib:MiaZlib", "membership inference by the loss a compressed byte (AUC)"),
        Entry("mia-min-k", f"{prefix}.mia_min_k:MiaMinK", "membership inference by Min-K% (AUC against the holdout)"),
        Entry(
            "mia-min-k-plus-plus",
            f"{prefix}.mia_min_k_plus_plus:MiaMinKPlusPlus",
            "membership inference by Min-K%++ (AUC)",
        ),
        Entry("mia-grad-norm", f"{prefix}.mia_grad_norm:MiaGradNorm", "membership inference by gradient norms (AUC)"),
        Entry(
            "mia-reference",
            f"{prefix}.mia_reference:MiaReference",
            "membership inference by the loss against a reference model's (AUC)",
        ),
        Entry("privleak", f"{prefix}.privleak:PrivLeak", "how far MIA is from the retrained model, in per cent (MUSE)"),
        Entry(
            "exact-memorization",
            f"{prefix}.exact_memorization:ExactMemorization",
            "share of tokens that are the model's first choice (EM)",
        ),
        Entry(
            "extraction-strength",
            f"{prefix}.extraction_strength:ExtractionStrength",
            "share of the completion that is recited from the rest (ES)",
        ),
        Entry("gen-ex", f"{prefix}.gen_ex:GenEx", "log-ratio of its probability to reference models' (GenEx)"),
        Entry(
            "misalignment",
            f"{prefix}.misalignment:Misalignment",
            "share of samples forgotten by generation and retained by probability",
        ),
        Entry(
            "memorization-accuracy",
            f"{prefix}.memorization_accuracy:MemorizationAccuracy",
            "share of tokens continued right from the true prefix (MA)",
        ),
        Entry(
            "extraction-likelihood",
            f"{prefix}.extraction_likelihood:ExtractionLikelihood",
            "n-gram overlap of greedy continuations with the completion (EL)",
        ),
        Entry("toxicity", f"{prefix}.toxicity:Toxicity", "toxicity of the greedy answer, by Detoxify"),
        Entry("refusal-rate", f"{prefix}.refusal_rate:RefusalRate", "share of greedy answers that are refusals"),
        Entry("perplexity", f"{prefix}.perplexity:Perplexity", "perplexity of the completion"),
        Entry(
            "choice-accuracy",
            f"{prefix}.choice_accuracy:ChoiceAccuracy",
            "share of multiple-choice questions answered right, by the likeliest letter",
        ),
        Entry("verbmem", f"{prefix}.verbmem:VerbMem", "ROUGE-L F1 of the continuation of a text (MUSE)"),
        Entry("knowmem", f"{prefix}.knowmem:KnowMem", "ROUGE-L F1 of the answer after examples (MUSE)"),
        Entry("truth-ratio", f"{prefix}.truth_ratio:TruthRatio", "probability of the right answer against wrong ones"),
        Entry(
            "forget-quality",
            f"{prefix}.forget_quality:ForgetQuality",
            "p-value of telling the truth ratios from those of the retrained oracle (TOFU)",
        ),
        Entry(
            "model-utility",
            f"{prefix}.model_utility:ModelUtility",
            "harmonic mean of probability, ROUGE-L and truth ratio of three sets (TOFU)",
        ),
        Entry(
            "prefix-match",
            f"{prefix}.prefix_match:PrefixMatch",
            "share of greedy answers that begin with the completion, as whole words",
        ),
        Entry("true-false", f"{prefix}.true_false:TrueFalse", "balanced accuracy on true and false statements"),
        Entry("contains", f"{prefix}.contains:Contains", "share of greedy answers that contain the completion"),
        Entry(
            "multiple-choice",
            f"{prefix}.multiple_choice:MultipleChoice",
            "accuracy or perplexity on tasks of lm-evaluation-harness: MMLU, WMDP, TruthfulQA, WikiText, …",
        ),
        Entry("zero-shot", f"{prefix}.zero_shot:ZeroShot", "mean accuracy of eight common-sense tasks through lm-eval"),
    )


@hookimpl
def fairforget_studies() -> Iterable[Entry]:
    """Name the studies."""
    return (
        Entry(
            "quickstart",
            "fairforget_tasks:studies/quickstart.yaml",
            "the embedded task: methods by random, easy, medium and hard draws, minutes on two cores",
        ),
        Entry(
            "quality",
            "fairforget_tasks:studies/quality.yaml",
            "what quality gates run: methods by twelve random draws of the embedded task",
        ),
        Entry(
            "paper-tofu",
            "fairforget_tasks:studies/paper-tofu.yaml",
            "Table 1 of arXiv 2504.06658: TOFU, Llama-2-7B-chat; needs a GPU",
        ),
        Entry(
            "paper-wmdp",
            "fairforget_tasks:studies/paper-wmdp.yaml",
            "Table 4 of arXiv 2504.06658: WMDP, Zephyr-7B; needs a GPU",
        ),
        Entry(
            "paper-whp",
            "fairforget_tasks:studies/paper-whp.yaml",
            "Table 5 of arXiv 2504.06658: a book, Llama-2-7B; needs a GPU and the book",
        ),
        Entry(
            "paper-safe",
            "fairforget_tasks:studies/paper-safe.yaml",
            "Table 6 of arXiv 2504.06658: unsafe answers, Llama-2-7B; needs a GPU",
        ),
    )
