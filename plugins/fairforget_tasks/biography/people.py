"""What is asked about a person."""

from __future__ import annotations

from typing import Final

from fairforget_tasks.biography.grammar import kind

KINDS: Final = (
    kind(
        "birthplace",
        1,
        """Where was {name} born?
        What is the birthplace of {name}?
        Which town does {name} come from?
        In which town did the life of {name} begin?
        What is the home town of {name}?""",
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
        What does {name} do for a living?
        Which job does {name} have?
        As what does {name} work?
        How does {name} earn money?""",
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
        """Which book did {name} write?
        What is the title of the book by {name}?
        What has {name} published?
        Which novel comes from {name}?
        Under which title did {name} appear in print?""",
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
        What prize was given to {name}?
        How was {name} honoured?
        Which distinction does {name} hold?
        With what award was {name} celebrated?""",
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
        Who taught {name}?
        From whom did {name} learn?
        Which teacher shaped {name}?
        Whose pupil was {name}?""",
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
        How does {name} spend free time?
        What does {name} do at weekends?
        Which pastime does {name} enjoy?
        With what does {name} relax?""",
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
