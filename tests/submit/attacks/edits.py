"""What is done to records, and what a folder holds before and after."""

from __future__ import annotations

import os

RLO = "\u202e"
ELSEWHERE = ("../../secret", "~/secret", "/home/mal/secret", "C:\\secret", r"\\host\share", "a/../../b")


def nested(levels):
    value = 0
    for _ in range(levels):
        value = [value]
    return value


def put(*path, value):
    def edit(record):
        part = record
        for name in path[:-1]:
            part = part[name]
        part[path[-1]] = value

    return edit


def snapshot(folder):
    """Return every file below a folder, however deep it lies, with what is in it."""
    found, left = {}, [str(folder)]
    while left:
        for entry in os.scandir(left.pop()):
            if entry.is_dir(follow_symlinks=False):
                left.append(entry.path)
            else:
                found[entry.path] = entry.stat(follow_symlinks=False).st_mtime_ns
    return found
