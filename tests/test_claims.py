"""The claims: what each has to have, what the command line says, and whether planted faults are noticed."""

import inspect
import json
import math
import re
import shutil
import subprocess
import sys
from collections import Counter

import pytest

from tests.faults import FAULTS, ROOT, failing, read
from wi_docs.pages import claims
from wi_docs.pages.claims import Result, _Bounded, near

CLAIMS = claims.load()


def test_there_are_enough_of_them_and_they_answer_every_statement_of_the_notes():
    count = Counter(claim.statement for claim in CLAIMS.values())
    assert len(CLAIMS) >= 60
    assert set(range(1, 23)) <= count.keys()


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda claim: claim.id)
def test_a_claim_is_marked_behind_its_sentence(claim):
    assert claim.where().startswith(f"docs/{claim.page}.md:")
    assert claim.sentence.endswith((".", ":")) or claim.sentence[-1].isalnum()
    assert len(claim.sentence.split()) >= 3


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda claim: claim.id)
def test_a_bound_is_rounded_to_its_side(claim):
    """Of 71.57 % one may say "71 % or more" and "72 % at most", and not "72 % or more"."""
    number = r"\{\w+:([^}]*)\}"
    behind = r"(?: (?:%|degrees|times|points|steps|layers|of the digits))*"
    for words, side in (("or more|at least", "floor"), ("at most|or less|up to", "ceil")):
        found = re.findall(f"{number}{behind} (?:{words})|(?:{words}) {number}", claim.sentence)
        assert [spec for pair in found for spec in pair if spec and not spec.startswith(side)] == []


def test_a_number_is_rounded_down_and_up():
    assert f"{_Bounded(71.57):floor} {_Bounded(71.57):ceil} {_Bounded(3.0 - 1e-12):floor}" == "71 72 3"
    assert f"{_Bounded(1.6549):floor.1} {_Bounded(0.4425):ceil.2} {_Bounded(0.4425):.2f}" == "1.6 0.45 0.44"


@pytest.mark.parametrize("what", ["", "a number", "A sentence of five words."])
def test_words_say_what_the_number_of_each_claim_is(what):
    with pytest.raises(ValueError, match="says what the measured number is"):
        claims.claim(what=what)


@pytest.mark.parametrize(
    ("result", "word"),
    [
        (near(1.2, 1.0, 0.1, "r", {"two": 2.0}), "measured 1.2, expected 1"),
        (near(1.0, 1.0, 0.1, "r", {}), "no wrong statement"),
        (near(1.0, 1.0, 0.1, "r", {"close by": 1.05}), "would accept 1.05 too, from: close by"),
        (near(1.0, 1.0, 0.1, "r", {"nothing": math.nan}), "would accept nan"),
        (near(math.nan, 1.0, 0.1, "r", {"two": 2.0}), "measured nan"),
    ],
)
def test_a_claim_fails_by_its_number_and_by_what_it_would_accept(result: Result, word):
    assert word in (result.problem() or "")


def test_a_claim_holds():
    assert near(1.05, 1.0, 0.1, "r", {"two": 2.0}).problem() is None


def test_two_runs_of_a_claim_give_one_record():
    """What is published as `claims.json` is then the same for every build of one state."""
    claim = CLAIMS["slope_is_at_most_a_quarter"]
    first, second = (json.dumps(claims.run(claim)) for _ in range(2))
    assert first == second
    assert not [key for key in json.loads(first) if "second" in key or "time" in key]


def test_a_verdict_needs_a_statement_and_a_statement_a_verdict():
    for wrong in ({"statement": 1}, {"verdict": "holds"}, {"statement": 23, "verdict": "holds"}):
        with pytest.raises(ValueError, match="verdict"):
            claims.claim(what="what was measured here", **wrong)


# The command line

# Claims that hold, fail, take something false for granted, and raise an error.
PLANTED = '''
from wi_docs.pages.claims import also, claim, near

@claim(what="what was measured here")
def it_holds():
    """Two and two are {measured:.0f}."""
    return near(2 + 2, 4, 0, "exact", {"five": 2 + 3})

@claim(what="what was measured here")
def it_fails():
    """Two and two are five."""
    return near(2 + 2, 5, 0.5, "exact", {"six": 3 + 3})

@claim(what="what was measured here")
def it_takes_for_granted():
    """Two and two are {measured:.0f}, and three and three are seven."""
    also("three and three", near(3 + 3, 7, 0, "exact", {"eight": 4 + 4}))
    return near(2 + 2, 4, 0, "exact", {"five": 2 + 3})

@claim(what="what was measured here")
def it_raises():
    """One can divide by zero."""
    return near(1 / 0, 5, 0.5, "exact", {"six": 3 + 3})
'''


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A copy of the package with three claims of its own, and a page for them."""
    folder = tmp_path_factory.mktemp("planted")
    shutil.copytree(ROOT / "wi_docs", folder / "wi_docs", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "wi_docs" / "pages" / "claims" / "planted.py").write_text(PLANTED)
    (folder / "docs").mkdir()
    (folder / "docs" / "planted.md").write_text("# Planted\n\nTwo and two are five.[[claim: it_fails]]\n")
    return folder


def command(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "wi_docs", "claims", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_fails_is_named_and_the_rest_still_runs(planted):
    done = command(planted, "it_raises", "it_fails", "it_holds")
    assert done.returncode == 1
    assert "docs/planted.md:3: it_fails: measured 4, expected 5, accepted 4.5 to 5.5" in done.stdout
    assert "it_raises: it raised ZeroDivisionError: division by zero" in done.stdout
    assert "planted.py" in done.stdout.partition("Traceback")[2], "where it raised"
    assert "1 of 3 claims hold." in done.stdout


def test_a_claim_that_says_two_things_fails_by_either(planted):
    done = command(planted, "it_takes_for_granted")
    assert done.returncode == 1
    said = "it takes for granted what does not hold: three and three: measured 6, expected 7, accepted 7 to 7"
    assert f"it_takes_for_granted: {said}" in done.stdout
    assert "Traceback" not in done.stdout
    assert "expected" not in done.stdout.partition("it_takes_for_granted")[2].partition("\n")[0], "no number is made up"


def test_what_holds_ends_well(planted):
    done = command(planted, "it_holds")
    assert done.returncode == 0
    assert "1 of 1 claims hold." in done.stdout


def test_everything_for_machines(planted):
    done = command(planted, "--json", "it_holds", "it_fails")
    assert done.returncode == 1
    holds, fails = json.loads(done.stdout)
    assert (holds["id"], holds["sentence"], holds["problem"]) == ("it_holds", "Two and two are 4.", None)
    assert fails["where"] == "docs/planted.md:3"


def test_an_unknown_name_suggests_the_nearest(planted):
    done = command(planted, "it_hold")
    assert done.returncode == 2
    assert "no claim is called 'it_hold'; did you mean it_holds" in done.stderr


def test_two_claims_of_one_name_are_refused(planted):
    twin = planted / "wi_docs" / "pages" / "claims" / "twin.py"
    twin.write_text(PLANTED)
    done = command(planted, "it_holds")
    twin.unlink()
    assert done.returncode == 2
    assert "two claims are called 'it_holds'" in done.stderr


# Planted faults


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_a_fault_has_its_place(fault):
    """In a second, where planting it takes some: who changes the line that a fault edits hears of it at once."""
    assert (ROOT / fault.path).read_text(encoding="utf-8").count(fault.old) == 1, fault.old


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_a_fault_is_noticed(fault):
    # `make faults` runs all claims that are named beside a fault; here the first one is enough.
    quickest = fault.noticed_by[0]
    assert quickest in failing(fault, [quickest])


def test_every_claim_is_noticed_by_a_fault_or_untouched_for_a_reason():
    touched = {name for fault in FAULTS for name in fault.noticed_by}
    untouched = {claim.id for claim in CLAIMS.values() if claim.untouched}
    assert touched | untouched == CLAIMS.keys()
    assert not touched & untouched
    assert all(len(CLAIMS[name].untouched) > 20 for name in untouched)


def test_a_fault_that_is_not_written_as_one_is_named(tmp_path):
    file = tmp_path / "x.diff"
    file.write_text("the sign is wrong\nNoticed: nobody\n\nwi_docs/nn/gains.py\n-a\n+b\n")
    with pytest.raises(ValueError, match=r"x\.diff: see the first lines"):
        read(file)


def test_the_example_for_authors_is_the_code():
    example = "\n".join(inspect.getsource(CLAIMS["slope_is_at_most_a_quarter"].experiment).splitlines())
    assert example in (ROOT / "docs" / "contributing.md").read_text()
