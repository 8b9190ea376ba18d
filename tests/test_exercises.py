"""The exercises: what they start from is not right yet, their solutions are, and their checks know wrong answers."""

import contextlib
import io

import pytest

from scripts import store
from wi_docs.pages import exercises

PAGES = [job.name for job in store.jobs(["exercises"])]
ALL = [(page, name) for page in PAGES for name in exercises.load(page)]


def left(*codes):
    """Run the codes one after the other in one namespace, and return the names that they leave."""
    names = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for code in codes:
            exec(code, names)
    return names


@pytest.mark.parametrize(("page", "name"), ALL)
def test_an_exercise_tells_right_from_wrong(page, name):
    exercise, where = exercises.load(page)[name], f"wi_docs/pages/exercises/{page}.py: {name}"
    first = exercises.judge(page, name, left(exercise.start))
    assert not first.right, f"{where}: the code to start from is judged right: {first.words}"
    solved = exercises.judge(page, name, left(exercise.solution))
    assert solved.right, f"{where}: the solution is judged wrong: {solved.words}"
    assert solved.words.startswith("Right. ")
    for answer in exercise.wrong:
        verdict = exercises.judge(page, name, left(exercise.start, answer))
        assert not verdict.right, f"{where}: the wrong answer {answer.strip()!r} is judged right: {verdict.words}"
        assert verdict.words.startswith("Not yet. ")
    assert exercises.judge(page, name, {}).words.startswith("Not yet. There is no `")


@pytest.mark.parametrize("page", PAGES)
def test_a_file_of_exercises_has_one(page):
    assert exercises.load(page), f"wi_docs/pages/exercises/{page}.py: no function of it is an exercise"


@pytest.mark.parametrize(
    ("question", "wrong", "words"),
    [
        (None, ("1", "2", "3"), "the exercise nameless has no question: write it as the function's docstring"),
        ("What?", ("1", "2"), "the exercise nameless has 2 wrong answers, and needs 3, to show that"),
    ],
)
def test_an_exercise_without_a_question_or_wrong_answers_is_refused(question, wrong, words):
    def nameless(answer):
        return exercises.right("")

    nameless.__doc__ = question
    with pytest.raises(ValueError, match=words):
        exercises.exercise(start="", hint="", solution="", wrong=wrong)(nameless)
