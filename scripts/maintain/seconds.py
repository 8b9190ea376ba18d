"""Run every page's snippets in Chromium, and keep what each takes in `scripts/seconds.json`: `make seconds`.

Times are of one machine, and others differ; a test compares them with its own, within a factor of four.
"""

from __future__ import annotations

import functools
import http.server
import json
import platform
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.common.by import By

from scripts.seconds import KEPT
from scripts.store import ROOT

# Presses *Run all*, and returns code and time of each snippet. The first is from the press on, and has loaded Python.
MEASURE = """
const done = arguments[0]
const cells = [...document.querySelectorAll("[data-wi-snippet]")].filter(cell => !cell.closest("[data-wi-exercise]"))
let last = performance.now(), next = 0
const found = []
const ended = ({ dataset }) => ["ok", "differs", "error"].includes(dataset.wiState)
document.querySelector("[data-wi-run-all]").click()
const watch = setInterval(() => {
  while (next < cells.length && ended(cells[next].querySelector("[data-wi-output]"))) {
    const now = performance.now()
    found.push([cells[next++].dataset.wiCode, (now - last) / 1000])
    last = now
  }
  if (next === cells.length) { clearInterval(watch); done(found) }
}, 10)
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server that prints nothing."""

    def log_message(self, format: str, *arguments: Any) -> None:
        """Print nothing."""


def measure(site: Path) -> dict[str, Any]:
    """Return the record of all pages of a built site."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    options = webdriver.ChromeOptions()
    for argument in ("headless=new", "no-sandbox", "disable-gpu"):
        options.add_argument(f"--{argument}")
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    driver.set_script_timeout(110)
    found: dict[str, list[tuple[str, float]]] = {}
    for page in sorted(site.rglob("index.html")):
        if "data-wi-run-all" in page.read_text(encoding="utf-8"):
            name = page.parent.relative_to(site).as_posix()
            driver.get(f"http://127.0.0.1:{server.server_port}/{name}/")
            if driver.find_elements(By.CSS_SELECTOR, "[data-wi-run-all]"):
                found[name] = driver.execute_async_script(MEASURE)
                print(name, f"{sum(time for _, time in found[name]):.0f} s", flush=True)
    version = driver.capabilities["browserVersion"]
    driver.quit()
    server.shutdown()
    loading = min(times[0][1] for times in found.values())  # of a first snippet that does little
    seconds: dict[str, float] = {}
    for times in found.values():
        for place, (code, time) in enumerate(times):
            if code:  # a lab's cells have none
                seconds[code] = round(max(0.0, time - (0.0 if place else loading)), 1)
    return {
        "source": "made by scripts/maintain/seconds.py; measurements of our own, free to use (CC0)",
        "made with": {"chromium": version, "machine": platform.machine()},
        "seconds": seconds,
    }


if __name__ == "__main__":
    record = measure(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "site")
    KEPT.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
