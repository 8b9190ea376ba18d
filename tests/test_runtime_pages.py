"""CPython and WebAssembly, two versions of numpy, one truth: every page's outputs and every exercise,
in the browser.
"""

import re
import time

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from scripts import store
from tests.pages import PAGES, ROOT, show
from tests.test_runtime import EDIT, press, snippet, state, wait
from wi_docs.pages import exercises


def runnable():
    for page in PAGES:
        chapter = ROOT / "docs" / f"{page.rstrip('/') or 'index'}.md"
        if not chapter.exists() or re.search(r"^(```pycon$|::: )", chapter.read_text(), re.MULTILINE):
            yield page


def solutions(page):
    module = page.rstrip("/").replace("-", "_")
    if module in {job.name for job in store.jobs(["exercises"])}:
        for name, exercise in exercises.load(module).items():
            yield f"{module}/{name}", exercise


@pytest.mark.parametrize("page", list(runnable()))
def test_run_all_gives_every_output_that_is_printed_and_solutions_are_right(browser, address, page):
    """Solutions are put into their cells as a reader would. All runs in one page, so that Python is loaded once."""
    show(browser, address + page, 1280)
    number = len(browser.find_elements(By.CSS_SELECTOR, "[data-wi-snippet]"))
    alone = len(browser.find_elements(By.CSS_SELECTOR, "[data-wi-exercise] [data-wi-snippet]"))
    status = browser.find_element(By.CSS_SELECTOR, ".wi-all").text
    browser.execute_script("document.querySelector('[data-wi-run-all]').click()")
    began = time.monotonic()
    said = WebDriverWait(browser, 900, 0.2).until(
        lambda _: re.search(r"(\d+) of (\d+) snippets", browser.find_element(By.CSS_SELECTOR, ".wi-all").text)
    )
    # The seconds are those of an idle machine. This one runs other tests beside, and may have other guests.
    if takes := re.search(r"take about (\d+) s", status):
        assert int(takes[1]) / 4 < time.monotonic() - began < 12 * int(takes[1]) + 60
    ended = [s for s in browser.find_elements(By.CSS_SELECTOR, "[data-wi-snippet]") if state(s) != "idle"]
    assert [s.text for s in ended if state(s) != "ok"] == []
    assert (int(said[1]), int(said[2])) == (number - alone, number - alone)
    assert len(ended) == number - alone > 0
    for name, exercise in solutions(page):
        cell = browser.find_element(By.CSS_SELECTOR, f"[data-wi-exercise='{name}'] [data-wi-snippet]")
        browser.execute_async_script(EDIT, f"{address}assets/js/run/session.js", cell, exercise.solution)
        press(browser, cell, "run")
        ended, text = wait(browser, cell)
        assert ended == "ok", text
        assert "Right. " in text


def test_every_exercise_is_on_a_page_that_runs():
    """So its solution is run in the browser."""
    assert {job.name for job in store.jobs(["exercises"])} <= {
        page.rstrip("/").replace("-", "_") for page in runnable()
    }


def test_a_wrong_output_on_the_page_is_noticed(browser, address):
    show(browser, address, 1280)
    browser.execute_script(
        "const go = document.querySelector('.go'); go.textContent = go.textContent.replace('2e-05', '3e-05')"
    )
    press(browser, snippet(browser), "run")
    ended, text = wait(browser, snippet(browser))
    assert ended == "differs"
    assert "differs from what is printed" in text


def test_an_example_of_the_reference_has_the_names_of_its_module_and_needs_no_other(browser, address):
    show(browser, address + "reference-training/", 1280)
    snippets = browser.find_elements(By.CSS_SELECTOR, "[data-wi-snippet]")
    press(browser, snippets[-1], "run")
    ended, text = wait(browser, snippets[-1])
    assert ended == "ok", text
    assert [state(one) for one in snippets[:-1]] == ["idle"] * (len(snippets) - 1)
