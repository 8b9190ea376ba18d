"""Questions at the end of a chapter, one module a page, each with a check that says right or not yet, and why.

An exercise is a function. Its docstring is the question, its arguments are the names that the reader's code has to
define, and it judges them. Beside it stand the code to start from, a hint, a solution, and answers that are wrong.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wi_docs.nn import checks

LEAST_WRONG = 3


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right, and why; and of a diagnosis the change that helps most, and what came of it."""

    right: bool
    words: str
    change: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class Exercise:
    """A question and what belongs to it.

    Attributes:
        name: the function's name.
        question: Markdown.
        start: the code to begin with.
        hint: Markdown.
        solution: code that is right.
        wrong: answers that are not; each is run after `start`.
        judge: the function.
    """

    name: str
    question: str
    start: str
    hint: str
    solution: str
    wrong: tuple[str, ...]
    judge: Callable[..., Verdict]


def exercise(
    *, start: str, hint: str, solution: str, wrong: tuple[str, ...]
) -> Callable[[Callable[..., Verdict]], Exercise]:
    """Make an exercise of a function. The texts are as for `Exercise`.

    Raises:
        ValueError: for a function without a docstring, or fewer than three wrong answers.
    """

    def make(function: Callable[..., Verdict]) -> Exercise:
        question = inspect.getdoc(function)
        if not question:
            raise ValueError(f"the exercise {function.__name__} has no question: write it as the function's docstring")
        if len(wrong) < LEAST_WRONG:
            raise ValueError(
                f"the exercise {function.__name__} has {len(wrong)} wrong answers, and needs {LEAST_WRONG}, "
                "to show that its check refuses them"
            )
        return Exercise(
            function.__name__,
            question,
            inspect.cleandoc(start) + "\n",
            inspect.cleandoc(hint),
            inspect.cleandoc(solution) + "\n",
            tuple(f"{answer}\n" for answer in wrong),
            function,
        )

    return make


def right(words: str) -> Verdict:
    """Return the verdict on a right answer."""
    return Verdict(True, f"Right. {words}")


def not_yet(words: str) -> Verdict:
    """Return the verdict on an answer that is not right."""
    return Verdict(False, f"Not yet. {words}")


def load(page: str) -> dict[str, Exercise]:
    """Return the exercises of a page by name, in the order of the source. `page` is the module's name.

    Examples:
        >>> print(*load("vanishing_gradients"))
        the_scale_of_a_sigmoid a_bias_that_centers
    """
    module = importlib.import_module(f"wi_docs.pages.exercises.{page}")
    return {value.name: value for value in vars(module).values() if isinstance(value, Exercise)}


def judge(page: str, name: str, names: Any) -> Verdict:
    """Judge what the reader's code has left in the namespace `names`.

    Examples:
        >>> judge("vanishing_gradients", "the_scale_of_a_sigmoid", {}).words
        'Not yet. There is no `scale`.'
    """
    chosen = load(page)[checks.lookup("exercise", name, load(page))]
    wanted = list(inspect.signature(chosen.judge).parameters)
    for argument in wanted:
        if argument not in names:
            return not_yet(f"There is no `{argument}`.")
    try:
        return chosen.judge(**{argument: names[argument] for argument in wanted})
    except (TypeError, ValueError) as error:  # what the package refuses, it refuses in words
        return not_yet(f"{str(error)[:1].upper()}{str(error)[1:]}.")
