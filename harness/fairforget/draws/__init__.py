"""The draws of a study for code that is no plugin: who is to forget what, as files."""

from fairforget.rooms import make_callable

make_callable(__name__)
