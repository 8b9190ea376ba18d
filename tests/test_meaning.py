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
    alarms = {name: one for name, one in dense.items() if one["trains"] and not one["ok"]}
    descend = {name: one["kind"] for name, one in alarms.items() if one["descent"] is not None and one["descent"] < 0.7}
    assert 0 < len(descend) < len(alarms) / 2
    assert all(one["adam"] < 0.7 for name, one in alarms.items() if name not in descend)
    for name, kind in descend.items():
        assert (kind, "2 layers" in name or "Tanh" in name) in (
            ("initial loss too large", True), ("saturated units", True)
        )  # fmt: skip
    # No network whose gradient is called too small learns by plain descent here.
    small = [one for one in dense.values() if one["kind"] in ("vanishing gradient", "no gradient")]
    assert small
    assert all(one["descent"] >= 0.7 for one in small)
