"""Running: the target model, difficulty scores, the loop of one cell, and the study around them."""

from fairforget.rooms import make_callable

make_callable(__name__)
