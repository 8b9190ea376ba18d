"""What runs before a snippet is what it builds on, and no more than the page says."""

import doctest
import re

import pytest
from selenium.webdriver.common.by import By

from scripts.needs import needs
from tests.pages import PAGES, ROOT, show
from tests.test_runtime import press, state, wait


def snippets(page):
    """The examples of each `>>>` block of a page."""
    chapter = ROOT / "docs" / f"{page.rstrip('/') or 'index'}.md"
    blocks = re.findall(r"^ *```pycon[^\n]*\n(.*?)^ *```", chapter.read_text() if chapter.exists() else "", re.M | re.S)
    return [doctest.DocTestParser().get_examples(block) for block in blocks]


@pytest.mark.parametrize(
    ("above", "last", "needed"),
    [
        (["a = 1", "b = 2"], "b + 1", [1]),
        (["a = 1", "b = a"], "b", [0, 1]),
        (["a = 1", "a += 1"], "a", [0, 1]),
        (["a = 1", "a = a + 1"], "a", [0, 1]),
        (["a = []", "a.append(1)"], "a", [0, 1]),  # a use may change it
        (["import math", "math.pi"], "math.e", [0]),  # of a module it does not
        (["def f(): return 1", "f()"], "f()", [0]),
        (["a = 1", "def f(): return a"], "f()", [0, 1]),
        (["a = 1", "def f(a): return a"], "f(2)", [1]),
        (["a = 1"], "[a for a in (1, 2)]", []),
        (["k = 1", "[k for k in (1, 2)]"], "k", [0]),
        (["a = 1", "if b:\n    a = 2"], "a", [0, 1]),  # a branch may not be taken
        (["a = 1", "for a in (1, 2): pass"], "a", [1]),
        (["b = 1"], "for a in (b,): a", [0]),
        (["c = 1"], "a = b = c", [0]),
        (["import numpy as np", "np.set_printoptions(precision=2)"], "1", [1]),
        (["import numpy as np", "np.pi"], "1", []),
        (["a = 1"], "f = lambda a: a", []),
        (["a = 1"], "f = lambda b: a", [0]),
        (["p = 1", "p = 2\nprint(p)"], "p = 3\nprint(p)", []),
    ],
)
def test_a_snippet_needs_what_sets_or_changes_the_names_that_it_takes(above, last, needed):
    # What has an effect of its own is needed, and so is what it needs.
    expected = [0, 1] if "set_printoptions" in above[-1] else needed
    assert needs([*above, last]) == expected


@pytest.mark.parametrize("page", [page for page in PAGES if len(snippets(page)) > 1])
def test_the_page_names_those_that_a_snippet_needs(site, page):
    sources = ["".join(one.source for one in examples) for examples in snippets(page)]
    built = re.findall(r'data-wi-needs="([^"]*)"', (site / page / "index.html").read_text())
    assert built == [" ".join(map(str, needs(sources[: place + 1]))) for place in range(len(sources))]


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if len(snippets(page)) > 1])
def test_a_snippet_prints_the_same_after_those_that_it_needs_alone(page):
    """Each block is run in the names that its needed ones have left, and no others."""
    blocks, left = snippets(page), []
    for place, examples in enumerate(blocks):
        names = {}
        for number in needs(["".join(one.source for one in block) for block in blocks[: place + 1]]):
            names |= left[number]
        test = doctest.DocTest(examples, names, f"{page}, block {place + 1}", None, 0, None)
        said = []
        failed = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS).run(
            test, out=said.append, clear_globs=False
        )
        assert failed.failed == 0, "".join(said)
        left.append(test.globs)


def test_a_press_runs_what_is_needed_and_nothing_else(browser, address):
    show(browser, f"{address}weight-initialization/", 1280)
    cells = browser.find_elements(By.CSS_SELECTOR, "[data-wi-snippet]")
    asked = next(cell for cell in cells if cell.get_attribute("data-wi-needs") == "4")
    press(browser, asked, "run")
    assert wait(browser, asked)[0] == "ok"
    ran = [place for place, cell in enumerate(cells) if state(cell) == "ok"]
    assert ran == [4, cells.index(asked)]


def test_after_a_change_all_above_runs(browser, address):
    """Nobody has read the new code for what it needs."""
    show(browser, f"{address}weight-initialization/#wi-code=", 1280)
    cells = browser.find_elements(By.CSS_SELECTOR, "[data-wi-snippet]")
    needed = browser.execute_async_script(
        """
        const [address, done] = arguments
        const { snippetIn } = await import(address)
        const cells = [...document.querySelectorAll("[data-wi-snippet]")].map(snippetIn), last = cells[2]
        const numbers = () => last.needed.map(one => cells.indexOf(one))
        const before = numbers()
        await cells[0].edit(cells[0].code + "\\n", false)
        const changed = numbers()
        cells[0].reset()
        done([before, changed, numbers()])
        """.replace("const [address, done] = arguments", "const [address, done] = arguments;(async () => {")
        + "})()",
        f"{address}assets/js/run/session.js",
    )
    assert len(cells) > 3
    assert needed == [[1], [0, 1], [1]]
