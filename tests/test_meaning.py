"""What a verdict is said to mean for training, against the sentences of the claims that measured it."""

import re
from pathlib import Path

import pytest

from wi_docs.diagnosis.meaning import GOOD, MEANINGS, OPEN, Meaning, meaning
from wi_docs.diagnosis.problems import KINDS, Problem
from wi_docs.experiments import frameworks
from wi_docs.pages import claims

PAGES = [re.sub(r"\s+", " ", path.read_text()) for path in (Path(__file__).parent.parent / "docs").glob("*.md")]
NUMBER = re.compile(r"\d+(?:\.\d+)?")
MEASURED = [kind for kind, found in MEANINGS.items() if found.claims]


def sentence(name):
    """The sentence of a page that a claim stands behind, with the numbers that it printed there."""
    mark = f"[[claim: {name}]]"
    (page,) = (text for text in PAGES if mark in text)
    return page.partition(mark)[0].rpartition("]]")[2]  # all that stands behind the claim before it


@pytest.mark.parametrize("kind", MEASURED)
def test_each_number_stands_in_the_sentence_of_a_claim(kind):
    found = MEANINGS[kind]
    known = {claim.id for claim in claims.get(list(found.claims))}
    assert known == set(found.claims)
    written = " ".join(sentence(name) for name in found.claims)
    for clause in (found.descent, found.adam, found.sure):
        assert set(NUMBER.findall(clause)) <= set(NUMBER.findall(written)), clause


def test_what_nobody_trained_is_said_to_be_not_measured():
    for kind, found in MEANINGS.items():
        if not found.claims and OPEN not in (found.descent, found.adam):
            assert "by arithmetic" in found.sure, kind
    assert (Meaning().descent, Meaning().adam) == (OPEN, OPEN)
    assert "no training was made" in Meaning().sure


def problems(*kinds):
    return tuple(Problem(kind, "a", "", 2.0) for kind in kinds)


def test_the_worst_problem_decides():
    assert meaning(()) is GOOD
    assert set(MEANINGS) < set(KINDS)
    for kind in KINDS:
        assert meaning(problems(kind)) == MEANINGS.get(kind, Meaning())
    assert meaning(problems("dead units", "vanishing gradient")) == MEANINGS["dead units"]


def test_adam_makes_up_for_sizes_and_not_for_inputs_that_are_alike():
    for size in ("vanishing gradient", "vanishing signal"):
        assert meaning(problems(size, "inputs alike")) == MEANINGS["inputs alike"]
        assert meaning(problems(size, "output ignores its input")) == MEANINGS["inputs alike"]
    assert meaning(problems("exploding gradient", "inputs alike")) == MEANINGS["exploding gradient"]


def test_who_learns_although_it_is_called_bad():
    """What the page says of false alarms, against the stored trainings."""
    dense = frameworks.load("diagnosis_trials")["spoiled"]
    bad = [one for one in dense.values() if not one["descent"]["ok"]]
    assert sum(one["adam"]["trains"] is True for one in bad) > len(bad) / 2
    # A start without a problem is good for both.
    assert all(one[name]["ok"] for one in dense.values() if one["ok"] for name in ("descent", "adam"))
    assert any(not one["ok"] and one["descent"]["ok"] for one in dense.values())
    # What no training changes is bad for both.
    certain = [one for one in dense.values() if one["kind"] == "no gradient"]
    assert certain
    assert not any(one[name]["ok"] or one[name]["trains"] for one in certain for name in ("descent", "adam"))
