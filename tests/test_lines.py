"""No line of the pages, of the code and of the tests is wider than 120 columns, prose included."""

import re

import pytest

from tests.pages import ROOT

WIDEST = 120
CHECKED = ("README.md", "CHANGELOG.md", "docs/**/*.md", "docs/assets/css/*.css", "docs/assets/js/**/*.js")
CHECKED += ("wi_docs/**/*.py", "scripts/*.py", "scripts/maintain/*.py", "tests/**/*.py", "tests/faults/*.diff")
CHECKED += ("docs/labs/*.py", "Makefile", "mkdocs.yml", "pyproject.toml", ".github/**/*.yml")
# What cannot be broken: a row of a table, and an address on a line of its own.
UNBREAKABLE = re.compile(r"\||\s*(?:- |\[[^\]]*\]: )?<?https?://\S+$")


def too_wide(text):
    """The numbers of the lines that are too wide, with their columns."""
    lines = enumerate(text.splitlines(), 1)
    return [(number, len(line)) for number, line in lines if len(line) > WIDEST and not UNBREAKABLE.match(line)]


def test_no_line_is_too_wide():
    files = sorted({path for pattern in CHECKED for path in ROOT.glob(pattern)})
    found = [f"{path.relative_to(ROOT)}:{n}: {width}" for path in files for n, width in too_wide(path.read_text())]
    assert not found, f"more than {WIDEST} columns:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("line", "wide"),
    [
        ("a " * 60, False),
        ("a " * 60 + "b", True),
        ("| " + "a " * 80 + "|", False),
        ("https://example.org/" + "a" * 120, False),
        ("See https://example.org/" + "a" * 120, True),
    ],
)
def test_what_cannot_be_broken_may_be_wide(line, wide):
    assert bool(too_wide(line)) == wide
