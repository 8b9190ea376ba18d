"""The exercises: what they start from is not right yet, their solutions are, and their checks know wrong answers."""

import contextlib
import io

import pytest

from scripts import store
from wi_docs.pages import exercises

PAGES = [job.name for job in store.jobs(["exercises"])]
ALL = [(page, name) for page in PAGES for name in exercises.load(page)]


def left(*codes):
    """The names that running the codes one after the other leaves."""
    names = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for code in codes:
            exec(code, names)
    return names


@pytest.mark.parametrize(("page", "name"), ALL)
def test_an_exercise_tells_right_from_wrong(page, name):
    exercise = exercises.load(page)[name]
    first = exercises.judge(page, name, left(exercise.start))
    assert not first.right, "it is solved before it has begun"
    solved = exercises.judge(page, name, left(exercise.solution))
    assert solved.right, solved.words
    assert solved.words.startswith("Good. " if page == "diagnose" else "Right. ")
    assert len(exercise.wrong) >= 3
    for answer in exercise.wrong:
        verdict = exercises.judge(page, name, left(exercise.start, answer))
        assert not verdict.right, answer
        assert verdict.words.startswith(("Bad: ", "Not yet. `found` has to be") if page == "diagnose" else "Not yet. ")
    assert exercises.judge(page, name, {}).words.startswith("Not yet. There is no `")


def test_every_chapter_has_two():
    chapters = {"weight_initialization", "vanishing_gradients", "exploding_gradients", "ways_to_initialize_weights"}
    beyond = {"which_gain", "what_your_framework_does", "edge_of_chaos", "residual_networks", "recurrent_networks"}
    assert chapters | beyond <= set(PAGES)
    assert all(len(exercises.load(page)) >= 2 for page in chapters | beyond)
