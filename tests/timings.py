"""Times in Chromium. They want a machine to themselves, so `make bench` runs them and `make test` does not."""

import time

import numpy as np
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests import test_explorers
from tests.pages import show
from tests.test_explorers import NAMES
from tests.test_runtime import link

opened = test_explorers.opened


BARE = """
const done = arguments[arguments.length - 1]
const source = `
  onmessage = async ({ data: [base, code] }) => {
    const began = performance.now()
    const { loadPyodide } = await import(base + "pyodide.mjs")
    const python = await loadPyodide({ indexURL: base, packages: ["numpy"] })
    python.runPython("import numpy")
    const loaded = performance.now() - began
    const times = []
    for (let i = 0; i < 4; i++) { const t = performance.now(); python.runPython(code); times.push(performance.now() - t) }
    postMessage([loaded, times])
  }`
const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })), { type: "module" })
worker.onmessage = ({ data }) => { worker.terminate(); done(data) }
worker.postMessage([arguments[0], arguments[1]])
"""


WORK = "import numpy as np\na = np.random.default_rng(0).standard_normal((256, 256))\nfor _ in range(20): a = np.tanh(a @ a / 16)\nprint(f'{a.std():.3f}')\n"


TIMED = """
const [number, done] = arguments
const cell = document.querySelectorAll("[data-wi-snippet]")[number - 1]
const output = cell.querySelector("[data-wi-output]")
const began = performance.now()
new MutationObserver((_, observer) => {
  if (["ok", "differs", "error"].includes(output.dataset.wiState)) { observer.disconnect(); done(performance.now() - began) }
}).observe(output, { attributes: true })
cell.querySelector("[data-wi-run]").click()
"""


def test_the_first_press_and_the_next_are_about_as_fast_as_bare_pyodide(browser, address, capsys):
    """Ratios within one run: 1.2 for the first press, 1.5 and 50 ms for those after it.

    Other tests run at the same time. The least of several times is what is left of a time without them.
    """
    browser.set_script_timeout(240)
    show(browser, address, 1280)
    browser.execute_async_script(BARE, f"{address}runtime/", WORK)  # fills the browser's cache for both
    times = []  # ours and bare's: the first press, the next
    for _ in range(10):
        browser.get("about:blank")
        show(browser, address + link(WORK), 1280)
        WebDriverWait(browser, 60).until(lambda _: browser.find_elements(By.CSS_SELECTOR, ".cm-content"))
        time.sleep(1.5)  # the page indexes its words for the search
        first = browser.execute_async_script(TIMED, 1)
        again = min(browser.execute_async_script(TIMED, 1) for _ in range(4))
        loaded, bare = browser.execute_async_script(BARE, f"{address}runtime/", WORK)
        times.append((first, again, loaded + bare[0], min(bare[1:])))
        first, again, bare_first, bare_again = (min(column) for column in zip(*times, strict=True))
        if len(times) >= 3 and first <= 1.2 * bare_first and again <= 1.5 * bare_again + 50:
            break
    with capsys.disabled():
        print(f"\nfirst press {first / bare_first:.2f} of bare Pyodide, next {again / bare_again:.2f}")
    assert first <= 1.2 * bare_first
    assert again <= 1.5 * bare_again + 50


MOVE = """
const [figure, move, done] = arguments, slider = figure.querySelector("[type=range]"), last = Number(slider.max), times = []
const frame = () => new Promise(requestAnimationFrame), channel = new MessageChannel()
const painted = () => new Promise(resolve => { channel.port1.onmessage = resolve; channel.port2.postMessage(0) })
for (let k = 0; k < 60; k++) {
  await frame()
  await painted()
  const began = performance.now()
  if (move) {
    slider.value = String(Math.round(last * (0.5 - 0.4 * Math.cos(k / 5))))
    slider.dispatchEvent(new Event("input", { bubbles: true }))
  }
  const handled = performance.now() - began
  const start = await frame()
  await painted()
  times.push(handled + performance.now() - Math.max(start, began + handled))
}
done(times)
"""


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_is_painted_in_time(opened, browser, name):
    """The budget of issue 6: 95 % of frames within 16 ms at a quarter of the speed. Not met yet: 22 to 40 ms when last run."""
    e = opened(name)

    def run(move):
        browser.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
        before = browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
        times = browser.execute_async_script(f"(async function () {{{MOVE}}}).apply(null, arguments)", e.figure, move)
        after = browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
        browser.execute_cdp_cmd("Performance.disable", {})
        spent = {a["name"]: 1000 * (b["value"] - a["value"]) / len(times) for a, b in zip(before, after, strict=True)}
        return spent, times

    still, _ = run(False)
    moved, _ = run(True)
    browser.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": 4})
    _, times = run(True)
    browser.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": 1})
    script, task = (moved[key] - still[key] for key in ("ScriptDuration", "TaskDuration"))
    print(
        f"{name}: {script:.2f} ms of script and {task:.2f} ms of the main thread an input; at a quarter of the speed "
        f"{np.percentile(times, 50):.0f} ms by the clock, 95 % within {np.percentile(times, 95):.0f} ms"
    )
    assert np.percentile(times, 95) <= 16
