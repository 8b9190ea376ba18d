"""Rules for a claim's sentence and its code, which keep the sentence from promising more than was tested.

`python -m wi_docs claims`, and with it the build, refuses a claim without a proof of its universal word, one whose
wrong numbers are typed, and one that draws and does not say what.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from wi_docs.experiments import conditions

WORDS = "all|none|every|never|always|only|any|whatever"
# "At all" and "after all" promise nothing, and "nearly all", "almost never" and "not all" less.
UNIVERSAL = re.compile(rf"(?<!\bat )(?<!\bafter )(?<!\bnearly )(?<!\balmost )(?<!\bnot )\b({WORDS})\b", re.IGNORECASE)
DRAWS = {"MLP", "default_rng", "standard_normal"}  # who names one of these draws something
WRONG = {"near": 4, "mean_of": 2, "above": 3, "below": 3, "exactly": 2, "Result": 5}  # where `wrong` stands


def no_proof(sentence: str, proof: str) -> str | None:
    """Return a message about a sentence that has a universal word and no proof, else None.

    Examples:
        >>> no_proof("It never learns.", "")
        "'never' needs a proof: say in the decorator, with `proof`, why it is true, or say less"
        >>> no_proof("It never learns.", "its gradient is 0"), no_proof("Nearly all learn, each alone.", "")
        (None, None)
    """
    word = UNIVERSAL.search(sentence)
    if word is None or proof:
        return None
    return f"{word[0]!r} needs a proof: say in the decorator, with `proof`, why it is true, or say less"


def no_domain(function: Callable[..., Any], said: conditions.Said) -> str | None:
    """Return a message about a claim that draws weights or inputs and says no conditions, else None.

    A claim that only computes has none. One that makes a network says which, by `conditions.network`.
    """
    used = _names(function)
    if "MLP" in used and "activation" not in said.terms:
        return "it makes a network, and does not say which: call conditions.network(net, rng)"
    if used & DRAWS and not said.terms:
        return "it draws, and nothing says under which conditions: call conditions.say(…)"
    return None


def _names(function: Callable[..., Any]) -> set[str]:
    """Return the names that are used by a function, and by the functions of its module that it calls."""
    found: set[str] = set()
    codes = [function.__code__]
    while codes:
        code = codes.pop()
        # A function or a comprehension inside is a constant of the code around it.
        codes += [part for part in code.co_consts if inspect.iscode(part)]
        for name in set(code.co_names) - found:
            found.add(name)
            other = function.__globals__.get(name)
            # A helper of the same module is followed; an experiment of another module is not, for it says its
            # conditions.
            if inspect.isfunction(other) and other.__module__ == function.__module__:
                codes.append(other.__code__)
    return found


def typed(function: Callable[..., Any]) -> Iterator[tuple[int, str]]:
    """Yield the line and a message for each wrong statement of a claim whose number is typed and not computed.

    It reads the dictionaries that the function gives to `near` and its like, there or by a name.
    """
    lines, first = inspect.getsourcelines(function)
    tree = ast.parse(textwrap.dedent("".join(lines)))
    # The expressions that stand for `wrong`, by place or by keyword.
    given: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in WRONG:
            given += node.args[WRONG[node.func.id] :][:1] + [k.value for k in node.keywords if k.arg == "wrong"]
    # Where a name is given, the dictionary is what was assigned to it.
    named = {value.id for value in given if isinstance(value, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id in named for t in node.targets):
            given.append(node.value)
    for value in given:
        for key, number in zip(value.keys, value.values, strict=True) if isinstance(value, ast.Dict) else ():
            # -1 is a minus and a constant to the parser.
            bare = number.operand if isinstance(number, ast.UnaryOp) else number
            if isinstance(bare, ast.Constant) and isinstance(bare.value, int | float):
                what = ast.unparse(key) if key else "**"
                yield first + number.lineno - 1, f"{what} is typed, {ast.unparse(number)}: compute it"
