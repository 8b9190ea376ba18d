"""What is said of the time that a press takes. That it is about right, `test_runtime_pages` sees."""

import re

from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from scripts import seconds
from tests.pages import show


def test_most_snippets_were_timed(site):
    """Of one that was not, and of what builds on it, nothing is said."""
    found = [
        code
        for page in site.rglob("index.html")
        for code in re.findall(r'data-wi-code="([^"]*)"', page.read_text(encoding="utf-8"))
    ]
    assert len(found) > 80
    known = [code for code in found if code in seconds.kept()]
    assert len(known) > 0.9 * len(found), "make seconds"


def test_a_press_says_its_time_where_it_is_long(site):
    said = {
        page.parent.name: re.findall(r'data-wi-seconds="about (\d+) s"', page.read_text(encoding="utf-8"))
        for page in site.rglob("index.html")
    }
    assert all(int(time) >= seconds.LEAST for times in said.values() for time in times)
    assert said["vanishing-gradients"]
    assert not said["optimizers"]
    assert "All snippets take about" in (site / "vanishing-gradients" / "index.html").read_text(encoding="utf-8")


def test_the_time_stands_beside_run_until_the_code_is_edited(browser, address):
    show(browser, f"{address}vanishing-gradients/", 390)
    snippet = browser.find_element(By.CSS_SELECTOR, "[data-wi-seconds]")
    words = snippet.find_element(By.CSS_SELECTOR, ".wi-run span")
    assert words.is_displayed()
    assert words.text == snippet.get_attribute("data-wi-seconds")
    browser.execute_script("arguments[0].click()", snippet.find_element(By.CSS_SELECTOR, "[data-wi-edit]"))
    WebDriverWait(browser, 60).until(lambda _: snippet.find_elements(By.CSS_SELECTOR, ".cm-content"))
    assert not words.is_displayed()


def test_what_the_page_prints_stays_in_sight_while_its_code_is_edited(browser, address):
    show(browser, f"{address}vanishing-gradients/", 390)
    snippet = browser.find_element(By.CSS_SELECTOR, "[data-wi-snippet]:has(.go)")
    block = snippet.find_element(By.CSS_SELECTOR, "pre")
    outputs = [part.text for part in block.find_elements(By.CSS_SELECTOR, ".go")]
    browser.execute_script("arguments[0].click()", snippet.find_element(By.CSS_SELECTOR, "[data-wi-edit]"))
    printed = WebDriverWait(browser, 60).until(lambda _: snippet.find_elements(By.CSS_SELECTOR, ".wi-editor pre"))[0]
    assert not block.is_displayed()
    assert printed.is_displayed()
    assert " ".join(printed.text.split()) == " ".join(" ".join(outputs).split()) != ""
    browser.execute_script("arguments[0].click()", snippet.find_element(By.CSS_SELECTOR, "[data-wi-reset]"))
    assert block.is_displayed()
    assert not snippet.find_elements(By.CSS_SELECTOR, ".wi-editor")


def test_a_press_counts_what_it_builds_on(site):
    longer = 0
    for page in site.rglob("index.html"):
        tags = re.findall(r'<[^>]* data-wi-code="[^>]*>', page.read_text(encoding="utf-8"))
        found = [dict(re.findall(r'data-wi-(\w+)="([^"]*)"', tag)) for tag in tags]
        for own in found:
            if "seconds" in own:
                before = [found[int(number)]["code"] for number in own["needs"].split()]
                times = [seconds.kept()[code] for code in (*before, own["code"])]
                assert abs(int(own["seconds"].split()[1]) - sum(times)) <= (0.51 if sum(times) < 20 else 2.51)
                longer += sum(times) > times[-1] + 1
    assert longer > 3
