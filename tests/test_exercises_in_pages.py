"""An exercise in its page, as a reader has it: ready to be changed, judged in sight, and kept."""

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.pages import show


def opened(browser, address):
    """Scroll to an exercise, and return it with its editor."""
    show(browser, address + "recurrent-networks/", 1280)
    exercise = browser.find_element(By.CSS_SELECTOR, "[data-wi-exercise='recurrent_networks/half_a_memory']")
    assert exercise.find_elements(By.CSS_SELECTOR, ".cm-content") == [], "the editor is heavy, and waits"
    browser.execute_script("arguments[0].scrollIntoView({ behavior: 'instant' })", exercise)
    editor = WebDriverWait(browser, 20).until(lambda _: exercise.find_element(By.CSS_SELECTOR, ".cm-content"))
    return exercise, editor


def test_an_exercise_is_open_judged_in_sight_and_kept(browser, address):
    exercise, editor = opened(browser, address)
    assert "Judged: bias." in exercise.text
    assert editor != browser.switch_to.active_element, "the page does not jump to it"
    assert "bias = 1.0" in editor.text
    editor.send_keys(Keys.CONTROL + Keys.END)
    editor.send_keys("\nbias = 7.0")
    editor.send_keys(Keys.SHIFT + Keys.ENTER)
    output = exercise.find_element(By.CSS_SELECTOR, "[data-wi-output]")
    WebDriverWait(browser, 120, 0.2).until(
        lambda _: output.get_attribute("data-wi-state") in ("ok", "differs", "error")
    )
    assert "Not yet." in output.text
    seen = browser.execute_script(
        "const sign = getComputedStyle(arguments[0].querySelector('p'), '::before');"
        "return [parseFloat(getComputedStyle(arguments[0]).borderLeftWidth), sign.content[1]]",
        output,
    )
    assert seen == [4, "✗"]

    exercise, editor = opened(browser, address)
    assert "bias = 7.0" in editor.text, "it is there after the page was left"
    exercise.find_element(By.CSS_SELECTOR, "[data-wi-reset]").click()
    # Reset forgets it, and leaves an editor open.
    WebDriverWait(browser, 20).until(
        lambda _: "bias = 7.0" not in exercise.find_element(By.CSS_SELECTOR, ".cm-content").text
    )
    assert exercise.find_element(By.CSS_SELECTOR, ".cm-content").is_displayed()
    _, editor = opened(browser, address)
    assert "bias = 7.0" not in editor.text
    browser.execute_script("localStorage.clear()")


def test_words_between_backticks_are_code_in_a_verdict(browser, address):
    exercise, editor = opened(browser, address)
    editor.send_keys(Keys.CONTROL + "a")
    editor.send_keys("x = 1")
    editor.send_keys(Keys.SHIFT + Keys.ENTER)
    output = exercise.find_element(By.CSS_SELECTOR, "[data-wi-output]")
    WebDriverWait(browser, 120, 0.2).until(lambda _: output.get_attribute("data-wi-state") == "differs")
    status = output.find_element(By.CSS_SELECTOR, "p")
    assert status.text == "Not yet. There is no bias."
    assert status.find_element(By.TAG_NAME, "code").text == "bias"
    browser.execute_script("localStorage.clear()")
