"""The pages in Chromium: silent, within the screen, usable by keyboard, and with code that can be copied and run."""

import subprocess
import sys
import threading

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.conftest import Server
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
    # Calls that a press copies stand close to one another: 24 px are asked for (WCAG 2.2, 2.5.8).
    heights = browser.execute_script(
        "return [...document.querySelectorAll('.wi-copy')].map(b => b.getBoundingClientRect().height)"
    )
    assert min(heights, default=24) >= 24


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
    # The root's color scheme is that of the browser's own bars.
    root = browser.execute_script("return getComputedStyle(document.documentElement).colorScheme")
    assert ("dark" in root) == (scheme == "dark")
    assert texts
    assert min(contrast(text, paper) for text in texts) >= 4.5


def test_copied_code_runs(browser, address):
    show(browser, address, 1280)
    # A block gets its button when it is in sight.
    browser.execute_script("document.querySelector('.language-pycon').scrollIntoView()")
    copy = (By.CSS_SELECTOR, ".language-pycon [data-md-type=copy]")
    button = WebDriverWait(browser, 20).until(lambda b: b.find_element(*copy))
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


def test_materials_script_is_asked_for_when_the_page_has_been_read(browser, address):
    """Before, it would have the browser lay out the whole page for it: it reads how far the page is scrolled."""
    show(browser, address + "ways-to-initialize-weights/", 390)
    look = """
        const [script] = performance.getEntriesByType("resource").filter(one => /bundle/.test(one.name))
        return script && [script.startTime, performance.getEntriesByType("navigation")[0].domInteractive]
    """
    script, page = WebDriverWait(browser, 20).until(lambda _: browser.execute_script(look))
    assert script > page


def test_a_dark_page_is_dark_before_materials_script_has_come(browser, address):
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*bundle*"]})
    try:
        backgrounds = set()
        for scheme, name in (("dark", "slate"), ("light", "default")):
            browser.get(address)
            browser.execute_script("localStorage.clear()")
            show(browser, address + "which-gain/", 1280, scheme)
            body = browser.find_element(By.TAG_NAME, "body")
            assert body.get_attribute("data-md-color-scheme") == name
            backgrounds.add(body.value_of_css_property("background-color"))
        assert len(backgrounds) == 2
    finally:
        browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_button_that_copies_code_can_be_seen(browser, address, scheme):
    show(browser, address + "which-gain/", 390, scheme)
    browser.execute_script("document.querySelector('pre').scrollIntoView()")  # Material makes it when code is in sight
    WebDriverWait(browser, 20).until(lambda _: browser.find_elements(By.CSS_SELECTOR, ".md-code__button"))
    color, paper, *sides = browser.execute_script(
        "const button = document.querySelector('.md-code__button')\n"
        "const { width, height } = button.getBoundingClientRect()\n"
        "return [getComputedStyle(button).color,"
        " getComputedStyle(button.closest('pre').querySelector('code')).backgroundColor, width, height]"
    )
    assert contrast(*([int(part) for part in text[4:-1].split(",")] for text in (color, paper))) >= 3
    assert min(sides) >= 24


def test_words_beside_the_text_have_one_font_and_paper_has_its_sizes_in_proportion(browser, address):
    show(browser, address + "weight-initialization/", 1280)
    look = """
        return Object.fromEntries(arguments[0].map(place => {
          const { fontFamily, fontSize } = getComputedStyle(document.querySelector(place))
          return [place, [fontFamily, parseFloat(fontSize)]]
        }))
    """
    around = [".md-nav__link", ".md-search__input", ".md-footer", "figcaption", ".wi-run"]
    assert len({font for font, _ in browser.execute_script(look, around).values()}) == 1
    places = ["article > p", "figcaption", "article pre > code", ".admonition p"]
    screen = browser.execute_script(look, places)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        paper = browser.execute_script(look, places)
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert paper["article > p"][1] == pytest.approx(10.5 * 96 / 72, rel=0.01)  # 10.5 pt
    for place in places:
        ours, on_paper = (sizes[place][1] / sizes["article > p"][1] for sizes in (screen, paper))
        assert on_paper == pytest.approx(ours, rel=0.01), place


def test_a_sheet_of_paper_has_exercises_without_their_solutions(browser, address):
    """What is folded is opened first, as Material's script does before it prints."""
    show(browser, address + "weight-initialization/", 1280)
    seen = """
        for (const details of document.querySelectorAll("article details")) details.open = true
        const shown = place => [...document.querySelectorAll(place)].filter(element => element.checkVisibility()).length
        return [shown(".wi-exercise pre"), shown(".wi-exercise details")]
    """
    code, folded = browser.execute_script(seen)
    assert folded > 0
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert browser.execute_script(seen) == [code - folded // 2, 0]  # a hint and a solution for each exercise
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_on_a_phone_the_lines_to_take_are_in_sight(browser, address):
    show(browser, address + "ways-to-initialize-weights/#in-a-hurry", 390)
    ends = browser.execute_script("""
        return [...document.querySelector("#in-a-hurry ~ .wi-table").querySelectorAll("td")].filter(
          cell => cell.textContent.includes("nn.init.")).map(cell => cell.getBoundingClientRect().right)
    """)
    assert len(ends) > 10
    assert max(ends) <= 390


def test_without_javascript_diagnose_says_what_is_missing(browser, address):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(address + "diagnose/")
        assert "The form of this section needs JavaScript." in browser.find_element(By.TAG_NAME, "article").text
        assert not browser.find_element(By.CSS_SELECTOR, ".wi-form").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_the_keyboard_reaches_search_and_text(browser, address):
    show(browser, address + "vanishing-gradients/", 1280)
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    assert "skip" in browser.switch_to.active_element.get_attribute("class")
    body.send_keys("/")
    assert browser.switch_to.active_element.tag_name == "input"


def test_the_keyboard_opens_the_drawer_and_meets_nothing_that_is_out_of_sight(browser, address):
    """Material's drawer on a phone, or on a page that is enlarged four times."""
    show(browser, address + "which-gain/", 390)

    def pass_through():
        """Press Tab until the text is reached, and return what was met."""
        met = []
        while not met or "md-content" not in met[-1]["around"]:
            browser.switch_to.active_element.send_keys(Keys.TAB)
            met.append(
                browser.execute_script(
                    """
                    const element = document.activeElement
                    const labels = element.labels?.length ? [...element.labels] : [element]
                    const name = labels.map(label => label.textContent.trim()).join("")
                    const around = element.closest(".md-sidebar, .md-header, .md-content")?.className ?? ""
                    const seen = labels.find(label => label.checkVisibility()) ?? element
                    const { left, right } = seen.getBoundingClientRect()
                    return { name, around, kind: element.classList[0], inside: right > 0 && left < innerWidth }
                    """
                )
            )
            assert len(met) < 40
        return met

    closed = pass_through()
    assert not [one for one in closed if "md-sidebar" in one["around"]], "links of a drawer that is closed"
    opener = browser.find_element(By.CSS_SELECTOR, ".wi-drawer")
    assert opener.accessible_name == "Navigation"
    assert "wi-drawer" in [one["kind"] for one in closed]
    browser.execute_script("arguments[0].focus()", opener)
    opener.send_keys(Keys.SPACE)
    assert opener.get_attribute("aria-expanded") == "true"
    # It opens at the part that has the page. What lies under that part is not met.
    names = [one["name"] for one in pass_through() if "md-sidebar" in one["around"]]
    assert "8\u2002The Edge of Chaos" in names
    assert not {"Home", "Diagnose"} & set(names)
    part = browser.find_element(By.CSS_SELECTOR, ".md-nav--primary > ul > li > .md-nav__toggle:checked")
    browser.execute_script("arguments[0].focus()", part)
    browser.switch_to.active_element.send_keys(Keys.SPACE)
    below = browser.find_element(By.CSS_SELECTOR, f"#{part.get_attribute('id')} ~ .md-nav")
    WebDriverWait(browser, 5).until(lambda _: not below.is_displayed())
    browser.execute_script("arguments[0].focus()", opener)
    met = [one for one in pass_through() if "md-sidebar" in one["around"]]
    assert {"Home", "Diagnose"} <= {one["name"] for one in met}
    assert "8\u2002The Edge of Chaos" not in {one["name"] for one in met}
    assert all(one["inside"] for one in met)


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
    assert min(mark.size.values()) >= 24
    for place in (0.2, 0.8):  # of the window, where the mark is
        assert browser.execute_script(
            """
            const [mark, card, place] = arguments
            card.hidePopover()
            scrollBy({ top: mark.getBoundingClientRect().top - place * innerHeight, behavior: "instant" })
            mark.click()
            const [m, c] = [mark, card].map(one => one.getBoundingClientRect())
            return c.height > 50 && c.top >= 0 && c.left >= 0 && c.right <= innerWidth && c.bottom <= innerHeight
              && (c.top >= m.bottom || c.bottom <= m.top)
            """,
            mark, card, place,
        ), "it is all in the window, and not on its mark"  # fmt: skip
    browser.execute_script("arguments[0].focus()", mark)
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


class Ledger:
    """The ledger as a reader has it."""

    def __init__(self, browser, address, end="", width=1280):
        self.browser = browser
        browser.get("about:blank")
        show(browser, f"{address}ledger/{end}", width)
        wait = "const done = arguments[0]; import(new URL('../assets/js/ledger.js', location.href)).then(() => done())"
        browser.execute_async_script(wait)

    def rows(self):
        return self.browser.execute_script(
            "return [...document.querySelectorAll('.wi-ledger tbody tr:not(.wi-ledger__group)')]"
            ".filter(r => r.offsetHeight && r.checkVisibility()).map(r => [r.closest('details').dataset.page,"
            " r.dataset.verdict, r.id])"
        )

    def choose(self, name, value):
        field = self.browser.find_element(By.CSS_SELECTOR, f".wi-filters [name={name}]")
        self.browser.execute_script(
            "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', { bubbles: true }))",
            field, value,
        )  # fmt: skip

    @property
    def said(self):
        return self.browser.find_element(By.CSS_SELECTOR, ".wi-filters output").text


def test_the_ledger_can_be_narrowed_and_the_address_keeps_it(browser, address):
    ledger = Ledger(browser, address)
    assert ledger.rows() == []
    everything = browser.execute_script(
        "return [...document.querySelectorAll('.wi-ledger tbody tr:not(.wi-ledger__group)')].map("
        "r => [r.closest('details').dataset.page, r.dataset.verdict, r.id, r.textContent.toLowerCase()])"
    )
    assert ledger.said == f"{len(everything)} claims"
    ledger.choose("chapter", "vanishing-gradients")
    ledger.choose("verdict", "not")
    wanted = [row[:3] for row in everything if row[:2] == ["vanishing-gradients", "not"]]
    assert ledger.rows() == wanted != []
    assert ledger.said == f"{len(wanted)} of {len(everything)} claims"
    here = [row for row in everything if row[0] == "vanishing-gradients"]
    summary = browser.find_element(By.CSS_SELECTOR, "[data-page=vanishing-gradients] > summary")
    assert summary.text.endswith(f"{len(wanted)} of {len(here)} claims")
    again = Ledger(browser, address, browser.current_url.partition("/ledger/")[2])
    assert again.rows() == wanted
    again.choose("chapter", "")
    again.choose("verdict", "")
    again.choose("words", "tanh orthogonal")
    wanted = [row[:3] for row in everything if "tanh" in row[3] and "orthogonal" in row[3]]
    assert again.rows() == wanted != []
    assert "words=tanh+orthogonal" in browser.current_url
    again.choose("words", "no claim has these words")
    assert (again.rows(), again.said) == ([], f"0 of {len(everything)} claims")
    assert not browser.execute_script("return [...document.querySelectorAll('.wi-claims')].some(c => c.offsetHeight)")
    again.choose("words", "")
    assert again.said == f"{len(everything)} claims"
    assert browser.current_url == f"{address}ledger/"


@pytest.mark.parametrize("end", ["", "?chapter=errata", "?chapter=nowhere&verdict=%22%3E"])
def test_a_row_of_the_ledger_can_be_linked_to(browser, address, end):
    ledger = Ledger(browser, address, f"{end}#slope_is_at_most_a_quarter")
    assert "slope_is_at_most_a_quarter" in [row[2] for row in ledger.rows()]
    row = browser.find_element(By.ID, "slope_is_at_most_a_quarter")
    top = browser.execute_script("return arguments[0].getBoundingClientRect().top", row)
    assert 0 < top < 900
    assert (
        row.find_element(By.LINK_TEXT, "link to this row").get_attribute("href").endswith("#" + row.get_property("id"))
    )


@pytest.mark.parametrize("width", [390, 1280])
def test_the_ledger_can_be_read(browser, address, width):
    Ledger(browser, address, "?words=relu", width)
    sizes = browser.execute_script(
        "return [...document.querySelectorAll('.wi-claims[open] td, .wi-claims[open] small, .wi-filters *')]"
        ".map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 14
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("page", ["ledger/", "reproductions/"])
def test_nothing_moves_when_the_fonts_come_late(browser, address, site, page):
    late = threading.Event()
    names = [path.name for path in (site / "assets" / "fonts").glob("stix-two-text*.woff2")]
    Server.held.update(dict.fromkeys(names, late))
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": True})
    try:
        threading.Timer(2.0, late.set).start()
        show(browser, address + page, 390)
        script = (
            "const done = arguments[0]; let sum = 0; new PerformanceObserver(list => {"
            " for (const shift of list.getEntries()) sum += shift.value"
            " }).observe({ type: 'layout-shift', buffered: true }); setTimeout(() => done(sum), 1500)"
        )
        assert browser.execute_async_script(script) < 0.01
        assert late.is_set()
    finally:
        late.set()
        for name in names:
            del Server.held[name]
        browser.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": False})


def test_mathematics_is_drawn_with_the_served_font(browser, address):
    show(browser, address + "weight-initialization/", 1280)
    used = browser.execute_async_script(
        "const done = arguments[0]; document.fonts.ready.then(() =>"
        " done([...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)))"
    )
    assert any("STIX Two Math" in family for family in used)
    tall = browser.execute_script(
        "return [...document.querySelectorAll('math')]"  # without those in answers that are folded
        ".filter(m => m.checkVisibility() && m.getBoundingClientRect().height < 8).length"
    )
    assert tall == 0
