"""What several tests of the site share."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import fetch_runtime

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    "" if path.stem == "index" and path.parent.name == "docs" else f"{path.relative_to(ROOT / 'docs').with_suffix('')}/"
    for path in [*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "labs").glob("*.py")]
)

# For tests that take WebKit's small browser half a minute or more each, or have not been tried in it.
WITHOUT_WEBKIT = pytest.mark.parametrize("either", ["chromium", "firefox"], indirect=True)


def build(project, *options):
    """Build `project` strictly. The output is what an author sees."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", *options],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        env={"WI_DOCS_RUNTIME": str(fetch_runtime.RUNTIME), **os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )


def show(browser, url, width, scheme="light"):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    browser.get(url)


def contrast(first, second):
    """The ratio of the Web Content Accessibility Guidelines."""

    def luminance(color):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in color)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)
