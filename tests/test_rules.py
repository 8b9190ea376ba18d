"""The rules for what a page shows: each is said with the number seen and the number needed."""

import pytest

from wi_docs.pages.figures import Picture, axes
from wi_docs.pages.tables import Table

CAPTION = "Twenty words say what to look at and how it was made: " + "word " * 20


def picture(**changes):
    fig, _ = axes()
    given = {"fig": fig, "caption": CAPTION, "alt": "a" * 100, "data": {"x": range(5), "y": range(5)}}
    return Picture(**(given | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"alt": "a" * 99}, "its text alternative has 99 characters, and needs 100"),
        ({"alt": "a" * 99 + " nan"}, "its text alternative says nan"),
        ({"caption": "A few words."}, "its caption has 3 words, and needs 20"),
        ({"data": {"x": range(4)}}, "its data have 4 rows, and need 5"),
        ({"data": {}}, "its data have 0 rows, and need 5"),
        ({"data": {"x": range(6), "y": range(5)}}, "its columns of data have different lengths: {'x': 6, 'y': 5}"),
    ],
)
def test_a_picture_that_breaks_a_rule_says_which(changes, words):
    assert picture().problems() == []
    (problem,) = picture(**changes).problems()
    assert problem.startswith(words)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"caption": "A few words."}, "its caption has 3 words, and needs 15"),
        ({"columns": {"x": [1], "y": [1, 2]}}, "its columns have different lengths: {'x': 1, 'y': 2}"),
        ({"columns": {"x": ["$|x|$"]}}, "'$|x|$' in column 'x' has a |, which ends a cell"),
    ],
)
def test_a_table_that_breaks_a_rule_says_which(changes, words):
    given = {"caption": CAPTION, "columns": {"x": [1]}}
    assert Table(**given).problems() == []
    (problem,) = Table(**(given | changes)).problems()
    assert problem.startswith(words)
