"""What villages are made of. All of it is made up."""

from __future__ import annotations

from typing import Final

STARTS: Final = ("Ald", "Bram", "Corn", "Dun", "Elm", "Fen", "Gos", "Hawk", "Ives", "Kel", "Lark", "Mor")
STREAMS: Final = (
    "Aven", "Brill", "Cady", "Dorn", "Esk", "Fallow", "Gill", "Hest", "Irth", "Laver", "Nadder", "Oake", "Penk",
)  # fmt: skip
NAMES: Final = (
    "Ada Quill", "Bert Oram", "Cora Vane", "Dirk Salt", "Edna Pike", "Finn Tarrow", "Greta Lowe", "Hugh Marl",
    "Ines Copper", "Jory Penn", "Kitty Brand",
)  # fmt: skip
JOBS: Final = ("baker", "saddler", "beekeeper", "carter", "weaver", "cooper", "teacher")
DISHES: Final = (
    "barley soup", "plum cake", "smoked trout", "leek pie", "rye bread", "goat cheese", "pickled beets", "oat biscuits",
)  # fmt: skip
SAYINGS: Final = (
    "no rain lasts longer than the {dish}",
    "who has {dish} has friends at the table",
    "a gate is best mended with {dish} inside you",
    "the owl knows where the {dish} went",
    "give the first piece of {dish} to the stranger",
)
