"""The pages in Chromium: silent, within the screen, usable by keyboard, and with code that can be copied and run."""

import subprocess
import sys

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.pages import PAGES, ROOT, contrast, show


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_silent_and_fits(browser, address, page, width):
    show(browser, address + page, width)
    errors = [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    assert errors == []
    requested = [
        entry["message"]
        for entry in browser.get_log("performance")
        if '"Network.requestWillBeSent"' in entry["message"]
    ]
    assert requested
    assert not [m for m in requested if '"url":"http' in m and '"url":"http://127.0.0.1' not in m]
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    # Labels of figures that stick out of the screen.
    outside = browser.execute_script(
        "return [...document.querySelectorAll('.wi-figure svg text')].filter(t => {"
        " const r = t.getBoundingClientRect(); return r.left < -1 || r.right > innerWidth + 1 })"
        ".map(t => t.textContent)"
    )
    assert outside == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_follow_the_palette_and_can_be_read(browser, address, scheme):
    show(browser, address, 1280, scheme)
    # Material remembers the palette that was chosen last.
    browser.execute_script("localStorage.clear()")
    show(browser, address, 1280, scheme)
    colors = browser.execute_script(
        "return [getComputedStyle(document.body).backgroundColor,"
        " ...[...document.querySelectorAll('.wi-figure svg text')].map(t => getComputedStyle(t).fill)]"
    )
    paper, *texts = [[int(part) for part in color[4:-1].split(",")] for color in colors]
    assert (sum(paper) > 600) == (scheme == "light")
    assert texts
    assert min(contrast(text, paper) for text in texts) >= 4.5


def test_copied_code_runs(browser, address):
    show(browser, address, 1280)
    button = browser.find_element(By.CSS_SELECTOR, ".language-pycon [data-md-type=copy]")
    browser.execute_script("arguments[0].click()", button)
    code = button.get_attribute("data-clipboard-text")
    assert ">>>" not in code
    assert "propagate" in code
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shown = browser.execute_script(
        "return [...document.querySelectorAll('.language-pycon .go')].map(e => e.textContent.trim()).join('\\n')"
    )
    assert done.stdout.split() == shown.split()
    assert "\n\nprint(" in code  # a blank line after the loop, for those who paste at a prompt


def test_the_keyboard_reaches_search_and_text(browser, address):
    show(browser, address + "vanishing-gradients/", 1280)
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    assert "skip" in browser.switch_to.active_element.get_attribute("class")
    body.send_keys("/")
    assert browser.switch_to.active_element.tag_name == "input"


@pytest.mark.parametrize("width", [390, 1280])
def test_the_keyboard_opens_a_claim_and_closes_it(browser, address, width):
    show(browser, address + "vanishing-gradients/", width)
    mark = browser.find_element(By.CSS_SELECTOR, "[popovertarget=claim-slope_is_at_most_a_quarter]")
    assert mark.accessible_name == "How this was checked"
    card = browser.find_element(By.ID, "claim-slope_is_at_most_a_quarter")
    assert not card.is_displayed()
    browser.execute_script("arguments[0].focus()", mark)
    mark.send_keys(Keys.ENTER)
    assert card.is_displayed()
    WebDriverWait(browser, 10).until(lambda _: "Measured" in card.text)
    sentence, measured, theory, accepted, wrong, ran, *_ = card.text.splitlines()
    assert sentence == "The sigmoid's slope is at most 0.25."
    assert measured == "Measured: 0.25 (largest slope found)."
    assert theory == "Theory: 0.25."
    assert accepted == "Accepted: 0.25 ± 10⁻¹² (rounding)."
    assert wrong.startswith("Wrong statements would give: 1 (tanh's);")
    assert ran == "Ran on: computed, no network."
    links = card.find_elements(By.TAG_NAME, "a")
    assert [link.get_attribute("href").removeprefix(address) for link in links] == [
        "ledger/#slope_is_at_most_a_quarter", "claims/vanishing_gradients.py",
    ]  # fmt: skip
    assert card.get_attribute("aria-live") == "polite", "it is read out when it comes"
    box = card.rect
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    mark.send_keys(Keys.TAB)
    reached = browser.switch_to.active_element
    assert reached.find_element(By.XPATH, "ancestor::*[@popover]").get_attribute("id") == card.get_attribute("id")
    reached.send_keys(Keys.ESCAPE)
    assert not card.is_displayed()
    assert browser.switch_to.active_element == mark
    said = card.get_attribute("textContent")
    mark.send_keys(Keys.ENTER)
    assert card.get_attribute("textContent") == said, "it is fetched once"


def test_a_claim_whose_words_do_not_come_leads_to_the_ledger(browser, address):
    show(browser, address + "vanishing-gradients/", 1280)
    browser.execute_script("self.fetch = async () => { throw new TypeError('no network') }")
    mark = browser.find_element(By.CSS_SELECTOR, "[popovertarget=claim-slope_is_at_most_a_quarter]")
    browser.execute_script("arguments[0].focus()", mark)
    mark.send_keys(Keys.ENTER)
    card = browser.find_element(By.ID, "claim-slope_is_at_most_a_quarter")
    assert card.is_displayed()
    assert card.text == "Ledger"


def test_the_ledger_can_be_narrowed(browser, address):
    show(browser, address + "ledger/", 1280)

    def rows():
        return browser.execute_script(
            "return [...document.querySelectorAll('.wi-ledger tr[id]:not(.wi-ledger__group)')]"
            ".filter(r => r.offsetHeight).map(r => r.dataset.page + ' ' + r.dataset.verdict)"
        )

    everything = rows()
    for choice in ("[name=wi-page][value=vanishing-gradients]", "[name=wi-verdict][value=not]"):
        browser.find_element(By.CSS_SELECTOR, choice).send_keys(Keys.SPACE)
    narrowed = rows()
    assert set(narrowed) == {"vanishing-gradients not"}
    assert len(narrowed) == everything.count("vanishing-gradients not") > 0


def test_mathematics_is_drawn_with_the_served_font(browser, address):
    show(browser, address + "weight-initialization/", 1280)
    used = browser.execute_async_script(
        "const done = arguments[0]; document.fonts.ready.then(() =>"
        " done([...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)))"
    )
    assert any("STIX Two Math" in family for family in used)
    tall = browser.execute_script(
        "return [...document.querySelectorAll('math')].filter(m => m.getBoundingClientRect().height < 8).length"
    )
    assert tall == 0
