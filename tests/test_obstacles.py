"""axe-core, by Deque, looks for what stands in the way of readers with a keyboard, a screen reader or weak eyes."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.pages import PAGES, ROOT, show

AXE = (ROOT / "tests" / "axe.min.js").read_text()

# Scrolls through the page as a reader does, and waits until every explorer has come alive.
READ = """
const done = arguments[0], frame = () => new Promise(requestAnimationFrame)
;(async () => {
  await document.fonts.ready
  for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
    scrollTo({ top: y, behavior: "instant" })
    for (let k = 0; k < 2; k++) await frame()
  }
  while (document.querySelector("[data-wi-explorer]:not(.wi-live)")) await frame()
  done()
})()
"""


def violations(browser):
    """What axe finds in the page as it stands."""
    browser.execute_script(AXE)
    found = browser.execute_async_script("axe.run(document, { resultTypes: ['violations'] }).then(arguments[0])")
    return [(one["id"], node["target"], node["failureSummary"]) for one in found["violations"] for node in one["nodes"]]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
@pytest.mark.parametrize("page", PAGES)
def test_nothing_stands_in_the_way_of_any_reader(browser, address, page, width, scheme):
    show(browser, address + page, width, scheme)
    # Explorers come alive, and what scrolls takes the focus, when they are in sight.
    browser.execute_async_script(READ)
    assert violations(browser) == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_nothing_stands_in_the_way_in_a_form_that_refuses_works_or_has_answered(browser, address, width, scheme):
    show(browser, f"{address}diagnose/#widths=64,0,10&gain=hello&dtype=fp7", width, scheme)
    WebDriverWait(browser, 20).until(lambda _: len(browser.find_elements(By.CSS_SELECTOR, "[aria-invalid]")) == 3)
    browser.execute_script("document.querySelector('.wi-form details').open = true")
    browser.execute_async_script(READ)  # what scrolls takes the focus when it was in sight
    assert violations(browser) == []
    browser.get("about:blank")
    show(browser, f"{address}diagnose/#widths=64,128x12,10&scheme=pytorch_linear", width, scheme)
    browser.execute_async_script(READ)
    WebDriverWait(browser, 20).until(lambda _: browser.find_elements(By.CSS_SELECTOR, ".wi-form [aria-disabled]"))
    assert violations(browser) == []
    WebDriverWait(browser, 60).until(lambda _: browser.find_elements(By.CSS_SELECTOR, ".wi-form__charts[aria-label]"))
    browser.execute_script("for (const one of document.querySelectorAll('.wi-form details')) one.open = true")
    assert violations(browser) == []


@pytest.mark.parametrize(
    ("spoiled", "rule"),
    [
        ("document.querySelector('.wi-explorer label').remove()", "select-name"),
        ("document.querySelector('.wi-explorer__lead').style.color = '#ccc'", "color-contrast"),
        ("document.querySelector('.wi-explorer__panels').removeAttribute('aria-label')", "role-img-alt"),
        ("document.querySelector('figure:not([data-wi-explorer]) svg').removeAttribute('aria-label')", "svg-img-alt"),
    ],
)
def test_what_stands_in_the_way_is_found(browser, address, spoiled, rule):
    show(browser, f"{address}vanishing-gradients/", 1280)
    browser.execute_async_script(READ)
    browser.execute_script(spoiled)
    assert rule in {name for name, _, _ in violations(browser)}
