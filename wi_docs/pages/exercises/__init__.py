"""The exercises at the end of the chapters, one module a page. Each checks an answer and says why it is right or not.

An exercise is a function. Its docstring is the question. Its arguments are the names that the reader's code has to
define; it judges their values. Its decorator holds the code to start from, a hint, a solution, and wrong answers.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wi_docs.nn import checks

LEAST_WRONG = 3  # wrong answers of an exercise, to show that its check refuses them


@dataclass(frozen=True)
class Verdict:
    """The verdict on an answer.

    Attributes:
        right: whether the answer is right.
        words: the reason, in a sentence or two.
    """

    right: bool
    words: str


@dataclass(frozen=True)
class Exercise:
    """A question, and the texts and the check that belong to it.

    Attributes:
        name: name of the function.
        question: the question, as Markdown.
        start: code that the reader begins with.
        hint: a hint, as Markdown.
        solution: code that answers the question.
        wrong: code with wrong answers, each of which is run after `start`.
        judge: the function that judges the reader's names.
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
        # A check that accepts everything would pass with the solution alone.
        if len(wrong) < LEAST_WRONG:
            raise ValueError(
                f"the exercise {function.__name__} has {len(wrong)} wrong answers, and needs {LEAST_WRONG}, "
                "to show that its check refuses them"
            )
        return Exercise(
            function.__name__,
            question,
            # Without the indentation that the text has within the decorator.
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
    """Judge the values that the reader's code has left in the namespace `names`.

    Examples:
        >>> judge("vanishing_gradients", "the_scale_of_a_sigmoid", {}).words
        'Not yet. There is no `scale`.'
    """
    chosen = load(page)[checks.lookup("exercise", name, load(page))]
    # Arguments are names in the reader's code, so that the check reads them from there.
    wanted = list(inspect.signature(chosen.judge).parameters)
    for argument in wanted:
        if argument not in names:
            return not_yet(f"There is no `{argument}`.")
    try:
        return chosen.judge(**{argument: names[argument] for argument in wanted})
    except (TypeError, ValueError) as error:  # the package's own messages say what is wrong with an argument
        return not_yet(f"{str(error)[:1].upper()}{str(error)[1:]}.")
