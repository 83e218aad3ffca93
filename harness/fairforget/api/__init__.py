"""What a plugin subclasses. Importing this imports neither torch nor numpy."""

from __future__ import annotations

from fairforget.api.curriculum import Curriculum, ReplacedAfter
from fairforget.api.difficulty import Difficulty
from fairforget.api.elsewhere import CameBack, MadeElsewhere, Wanted
from fairforget.api.engine import Engine, Executor, Future
from fairforget.api.method import LossMethod, Method, Trainer, UnlearningBatch, UnlearningRun
from fairforget.api.metric import Measurement, Metric, MetricUse, Subject
from fairforget.api.plugin import Plugin
from fairforget.api.pool import Pool, PoolScore
from fairforget.api.sample import Corpus, Sample, TrainingText
from fairforget.api.sampler import Sampler
from fairforget.api.score import HigherIs, Scores
from fairforget.api.search import Search
from fairforget.api.spec import PluginSpec
from fairforget.api.task import Pretrained, Scratch, TargetRecipe, Task, Template, Training

__all__ = [
    "CameBack",
    "Corpus",
    "Curriculum",
    "Difficulty",
    "Engine",
    "Executor",
    "Future",
    "HigherIs",
    "LossMethod",
    "MadeElsewhere",
    "Measurement",
    "Method",
    "Metric",
    "MetricUse",
    "Plugin",
    "PluginSpec",
    "Pool",
    "PoolScore",
    "Pretrained",
    "ReplacedAfter",
    "Sample",
    "Sampler",
    "Scores",
    "Scratch",
    "Search",
    "Subject",
    "TargetRecipe",
    "Task",
    "Template",
    "Trainer",
    "Training",
    "TrainingText",
    "UnlearningBatch",
    "UnlearningRun",
    "Wanted",
]
