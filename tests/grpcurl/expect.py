#!/usr/bin/env python3
"""Reads one place of a JSON document on standard input.

    expect.py PATH           prints what stands there
    expect.py PATH WANTED    exits with 1 unless WANTED stands there

PATH is keys and positions with dots between: "companions.0.name". "*" stands for every element, and then one
that equals WANTED is enough; "#" is the number of elements; "a+b" joins two values with a blank. Absent and
null are "".
"""

import json
import sys


def values(document, steps):
    """Every value that the steps lead to; "" where they lead nowhere."""
    if not steps:
        return [text(document)]
    step, rest = steps[0], steps[1:]
    if step == "*":
        return [value for element in document or [] for value in values(element, rest)]
    if step == "#":
        return [str(len(document or []))]
    if "+" in step:
        return [" ".join(values(document, [part])[0] for part in step.split("+"))]
    return values(child(document, step), rest)


def child(document, step):
    if isinstance(document, dict):
        return document.get(step)
    if isinstance(document, list) and int(step) < len(document):
        return document[int(step)]
    return None


def text(value):
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def main():
    path, *wanted = sys.argv[1:]
    found = values(json.load(sys.stdin), path.split("."))
    if not wanted:
        print("\n".join(found))
    elif wanted[0] not in found:
        sys.exit(f"{path}: expected {wanted[0]!r}, found {', '.join(map(repr, found)) or 'nothing'}")


if __name__ == "__main__":
    main()
