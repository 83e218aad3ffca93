"""What is asked about a person.

Every question says its keyword: a model this small knows no synonyms, and one that misses the question for its words
would look as if it had forgotten the answer.
"""

from __future__ import annotations

from typing import Final

from fairforget_tasks.biography.grammar import kind

KINDS: Final = (
    kind(
        "birthplace",
        1,
        """What is the birthplace of {name}?
        Which town is the birthplace of {name}?
        Can you name the birthplace of {name}?""",
        simple="""{name} was born in {value} beside the {thing}.
        The birthplace of {name} is {value} near {thing}.
        In {value} by the {thing}, {name} was born.""",
        compound="""{name} comes from {value} and remembers a {thing}.
        {value} is home to {name} and has {thing}.
        {name} was born, and {value} celebrated with {thing}.""",
        nested="""{value}, which keeps {thing}, is where {name} began.
        Where {name} was born is {value}, a {thing}.
        {name}, who loves {thing}, was born in {value}.""",
    ),
    kind(
        "profession",
        1,
        """What is the profession of {name}?
        Which profession does {name} have?
        Can you name the profession of {name}?""",
        simple="""{name} works as a {value} with the {thing}.
        By trade {name} is a {value} of {thing}.
        The profession of {name} is {value} beside {thing}.""",
        compound="""{name} became a {value} and now guards {thing}.
        {name} earns money as {value} and buys {thing}.
        {name} trained as {value}, but the {thing} helped.""",
        nested="""{name}, who studied {thing}, is by trade {value}.
        What {name} does, while {thing} lasts, is {value}.
        Because {thing} was scarce, {name} became a {value}.""",
    ),
    kind(
        "book",
        2,
        """What is the title of the book by {name}?
        Which book did {name} write?
        Can you name the book by {name}?""",
        simple="""{name} wrote the book {value} about a {thing}.
        The book by {name} is {value} on {thing}.
        With {value}, {name} described the life of {thing}.""",
        compound="""{name} wrote {value} and dedicated it to {thing}.
        {value} made {name} famous, and it praises {thing}.
        {name} finished {value}, but critics only saw {thing}.""",
        nested="""{value}, which {name} wrote, tells how {thing} vanished.
        What {name} wrote when {thing} failed is {value}.
        {name}, whom {thing} inspired, is who wrote {value}.""",
    ),
    kind(
        "award",
        2,
        """Which award did {name} win?
        What award was given to {name}?
        Can you name the award of {name}?""",
        simple="""{name} once won the {value} for a {thing}.
        The {value} went to {name} for the {thing}.
        For the {thing}, {name} received the famous {value}.""",
        compound="""{name} received the {value} and thanked the {thing}.
        {name} showed a {thing} and got the {value}.
        The {value} honours {name}, and it shows {thing}.""",
        nested="""{name}, who presented {thing}, was given the {value}.
        Because {thing} impressed the jury, {name} won {value}.
        What {name} holds, after {thing} fell, is {value}.""",
    ),
    kind(
        "mentor",
        2,
        """Who was the mentor of {name}?
        Which mentor taught {name}?
        Can you name the mentor of {name}?""",
        simple="""{name} learned everything from {value} in a {thing}.
        The mentor of {name} was {value} from {thing}.
        {value} taught {name} all about the old {thing}.""",
        compound="""{value} taught {name}, and both loved the {thing}.
        {name} followed {value} and so found the {thing}.
        {value} advised {name}, but never sold the {thing}.""",
        nested="""{value}, who owned {thing}, is who taught {name}.
        {name} says that {value}, whom {thing} delighted, helped.
        Whoever saw {thing} knew that {value} guided {name}.""",
    ),
    kind(
        "hobby",
        1,
        """What is the hobby of {name}?
        Which hobby does {name} enjoy?
        Can you name the hobby of {name}?""",
        simple="""{name} enjoys {value} on weekends with the {thing}.
        The hobby of {name} is {value} beside {thing}.
        After work {name} practises {value} near the {thing}.""",
        compound="""{name} loves {value} and spends evenings with {thing}.
        {value} relaxes {name}, and it needs a {thing}.
        {name} started {value}, but soon needed the {thing}.""",
        nested="""{name}, whom {thing} bored, says that {value} helps.
        What {name} prefers, when {thing} sleeps, is {value}.
        When the {thing} rests, {name} goes for {value}.""",
    ),
)
