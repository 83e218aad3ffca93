"""Two sets of results, cell by cell: what got better, what got worse, and what cannot be told."""

from fairforget.rooms import make_callable

make_callable(__name__)
