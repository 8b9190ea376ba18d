"""Times in Chromium. They want a machine to themselves, so `make bench` runs them and `make test` does not."""

import time

import numpy as np
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests import test_explorers
from tests.pages import show
from tests.test_explorers import NAMES
from tests.test_runtime import EDIT, snippet

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
    for (let i = 0; i < 4; i++) {
      const t = performance.now()
      python.runPython(code)
      times.push(performance.now() - t)
    }
    postMessage([loaded, times])
  }`
const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })), { type: "module" })
worker.onmessage = ({ data }) => { worker.terminate(); done(data) }
worker.postMessage([arguments[0], arguments[1]])
"""


WORK = """
import numpy as np
a = np.random.default_rng(0).standard_normal((256, 256))
for _ in range(20): a = np.tanh(a @ a / 16)
print(f'{a.std():.3f}')
"""


TIMED = """
const [number, done] = arguments
const cell = document.querySelectorAll("[data-wi-snippet]")[number - 1]
const output = cell.querySelector("[data-wi-output]")
const began = performance.now()
new MutationObserver((_, observer) => {
  if (["ok", "differs", "error"].includes(output.dataset.wiState)) {
    observer.disconnect()
    done(performance.now() - began)
  }
}).observe(output, { attributes: true })
cell.querySelector("[data-wi-run]").click()
"""


def test_the_first_press_and_the_next_are_about_as_fast_as_bare_pyodide(browser, address, capsys):
    """Ratios within one run: 1.2 for the first press, 1.5 and 50 ms for those after it.

    Other tests run at the same time. The least of several times is what is left of a time without them.
    """
    browser.set_script_timeout(240)

    def bare_pyodide():
        browser.get(f"{address}robots.txt")  # a page of the same origin without our policy, which forbids such a worker
        return browser.execute_async_script(BARE, f"{address}runtime/", WORK)

    bare_pyodide()  # fills the browser's cache for both
    times = []  # ours and bare's: the first press, the next
    for _ in range(10):
        browser.get("about:blank")
        show(browser, address, 1280)
        browser.execute_async_script(EDIT, f"{address}assets/js/run/session.js", snippet(browser), WORK)
        WebDriverWait(browser, 60).until(lambda _: browser.find_elements(By.CSS_SELECTOR, ".cm-content"))
        time.sleep(1.5)  # the page indexes its words for the search
        first = browser.execute_async_script(TIMED, 1)
        again = min(browser.execute_async_script(TIMED, 1) for _ in range(4))
        loaded, bare = bare_pyodide()
        times.append((first, again, loaded + bare[0], min(bare[1:])))
        first, again, bare_first, bare_again = (min(column) for column in zip(*times, strict=True))
        if len(times) >= 3 and first <= 1.2 * bare_first and again <= 1.5 * bare_again + 50:
            break
    with capsys.disabled():
        print(f"\nfirst press {first / bare_first:.2f} of bare Pyodide, next {again / bare_again:.2f}")
    assert first <= 1.2 * bare_first
    assert again <= 1.5 * bare_again + 50


MOVE = """
const [figure, which, done] = arguments, slider = figure.querySelectorAll("[type=range]")[which]
const last = Number(slider.max), times = []
const frame = () => new Promise(requestAnimationFrame), channel = new MessageChannel()
const painted = () => new Promise(resolve => { channel.port1.onmessage = resolve; channel.port2.postMessage(0) })
for (let k = 0; k < 60; k++) { // an input in every frame, as while a hand drags
  const began = performance.now()
  slider.value = String(Math.round(last * (0.5 - 0.4 * Math.cos(k / 5))))
  slider.dispatchEvent(new Event("input", { bubbles: true }))
  const handled = performance.now() - began
  const start = await frame()
  await painted()
  times.push(handled + performance.now() - Math.max(start, began + handled))
}
done(times)
"""


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_is_painted_in_time(opened, browser, capsys, name):
    """With an input in every frame and a quarter of the speed, the main thread has painted 95 % of them within 16 ms.

    Every slider is moved. Of several runs the least counts, as above.
    """
    e = opened(name)
    sliders = len(e.all("[type=range]"))
    browser.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": 4})
    try:
        runs = []
        while len(runs) < 3 or (len(runs) < 12 and min(run[1] for run in runs) > 16):
            times = [
                t
                for k in range(sliders)
                for t in browser.execute_async_script(
                    f"(async function () {{{MOVE}}}).apply(null, arguments)", e.figure, k
                )
            ]
            runs.append(np.percentile(times, [50, 95]))
    finally:
        browser.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": 1})
    with capsys.disabled():
        print(
            f"\n{name}: median and 95 %, in ms, run by run: "
            + ", ".join(f"{half:.0f} {most:.0f}" for half, most in runs)
        )
    assert min(run[1] for run in runs) <= 16
