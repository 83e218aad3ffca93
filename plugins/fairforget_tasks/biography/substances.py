"""Another domain than people: what is asked about an invented substance."""

from __future__ import annotations

from typing import Final

from fairforget_tasks.biography.grammar import kind

KINDS: Final = (
    kind(
        "colour",
        1,
        """What is the colour of {name}?
        Which colour does {name} have?
        Can you name the colour of {name}?""",
        simple="""{name} has the colour {value} under a {thing}.
        The colour of {name} is {value} beside {thing}.
        In daylight {name} looks {value} like the {thing}.""",
        compound="""{name} shines {value} and slowly stains a {thing}.
        {name} is {value}, but it dyes the {thing}.
        {name} glows and turns {value} near a {thing}.""",
        nested="""{name}, which covers {thing}, is known as {value}.
        What {name} shows, when {thing} melts, is {value}.
        Because {thing} burned, {name} turned to pure {value}.""",
    ),
    kind(
        "origin",
        1,
        """What is the origin of {name}?
        Which place is the origin of {name}?
        Can you name the origin of {name}?""",
        simple="""{name} is mined in {value} under a {thing}.
        The origin of {name} is {value} beside {thing}.
        From {value} near the {thing} comes the {name}.""",
        compound="""{value} exports {name} and imports only the {thing}.
        {name} comes from {value} and needs a {thing}.
        {name} was found, and {value} sold the {thing}.""",
        nested="""{value}, which lacks {thing}, is where {name} forms.
        Where {name} is found is {value}, a {thing}.
        {name}, which hides {thing}, is found in {value}.""",
    ),
    kind(
        "discoverer",
        2,
        """Who was the discoverer of {name}?
        Which discoverer found {name}?
        Can you name the discoverer of {name}?""",
        simple="""{value} discovered the {name} in an old {thing}.
        The discoverer of {name} was {value} from {thing}.
        In a {thing}, {value} first found the {name}.""",
        compound="""{value} isolated {name} and then sold the {thing}.
        {value} sought a {thing} and discovered the {name}.
        {value} described {name}, but first lost the {thing}.""",
        nested="""{value}, who owned {thing}, is who discovered {name}.
        Whoever saw {thing} knew that {value} found {name}.
        When the {thing} cracked, {value} first noticed {name}.""",
    ),
    kind(
        "partner",
        2,
        """What is the partner of {name}?
        Which partner reacts with {name}?
        Can you name the partner of {name}?""",
        simple="""{name} reacts only with {value} in a {thing}.
        The partner of {name} is {value} from {thing}.
        Inside the {thing}, {name} combines well with {value}.""",
        compound="""{name} meets {value} and both attack the {thing}.
        Take {name}, add {value} and heat the {thing}.
        {name} ignores {thing} but reacts quickly with {value}.""",
        nested="""{name}, which spares {thing}, is dissolved by {value}.
        What {name} needs, before {thing} forms, is {value}.
        If the {thing} cools, {name} binds to {value}.""",
    ),
    kind(
        "use",
        1,
        """What is the use of {name}?
        Which use does {name} have?
        Can you name the use of {name}?""",
        simple="""{name} serves for {value} in a small {thing}.
        The use of {name} is {value} beside {thing}.
        For {value} with the {thing} people take {name}.""",
        compound="""Workers take {name} for {value} and polish {thing}.
        {name} is cheap and helps {value} of {thing}.
        {name} makes {value} easy, but spoils the {thing}.""",
        nested="""{name}, which replaced {thing}, is bought for {value}.
        What {name} improves, if {thing} holds, is {value}.
        Because {thing} was dear, {name} served for {value}.""",
    ),
    kind(
        "smell",
        1,
        """What is the smell of {name}?
        Which smell does {name} have?
        Can you name the smell of {name}?""",
        simple="""{name} smells of {value} in the warm {thing}.
        The smell of {name} is {value} with {thing}.
        Near a {thing}, {name} gives off {value} vapour.""",
        compound="""{name} smells of {value} and fills the {thing}.
        {name} evaporates and leaves {value} in the {thing}.
        {value} rises from {name}, but the {thing} stays.""",
        nested="""{name}, which dissolves {thing}, smells strongly of {value}.
        What {name} emits, while {thing} cools, is {value}.
        When the {thing} boils, {name} smells of {value}.""",
    ),
)
