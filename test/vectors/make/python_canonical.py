"""What CPython makes of texts: reads a JSON list of texts on stdin, writes one answer for each on stdout.

An answer is null where ast.literal_eval refuses the text, else {"repr": ..., "canonical": ...}. The canonical form is
the one of src/values/python-print.ts: ascii(), with sets and dicts sorted by the text of their elements.
"""
import ast
import json
import sys
import warnings

warnings.simplefilter("ignore")


def canonical(value):
    kind = type(value)
    if kind is tuple:
        inner = ", ".join(map(canonical, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if kind is list:
        return "[" + ", ".join(map(canonical, value)) + "]"
    if kind is set:
        return "{" + ", ".join(sorted(map(canonical, value))) + "}" if value else "set()"
    if kind is dict:
        return "{" + ", ".join(sorted(f"{canonical(k)}: {canonical(v)}" for k, v in value.items())) + "}"
    return ascii(value)


def has_set(value):
    if isinstance(value, (set, frozenset)):
        return len(value) > 1
    if isinstance(value, (list, tuple)):
        return any(map(has_set, value))
    if isinstance(value, dict):
        return any(map(has_set, value.keys())) or any(map(has_set, value.values()))
    return False


def answer(text):
    try:
        value = ast.literal_eval(text)
        # The order of a set is CPython's own affair.
        printed = None if has_set(value) else repr(value)
        return {"repr": printed, "canonical": canonical(value)}
    except (ValueError, SyntaxError, TypeError, OverflowError, MemoryError, RecursionError):
        return None


if __name__ == "__main__":
    json.dump([answer(text) for text in json.load(sys.stdin)], sys.stdout)
