"""What an author sees: `mkdocs serve` shows the pages at once, and fills in what takes long."""

import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from scripts import store
from scripts.pages import WAIT
from scripts.reading import Reading

PAGE, FIGURE = "edge-of-chaos/", 'id="figure-phases"'


def read(address, patience, wanted):
    """Return the page at an address once it holds the words that are wanted; fail if it does not in time."""
    text, end = "nothing", time.monotonic() + patience
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address) as answer:
                text = answer.read().decode()
        except OSError:
            text = "no answer"
        if wanted in text:
            return text
        time.sleep(0.5)
    pytest.fail(f"{wanted!r} is not on {address} after {patience} s: {text[:200]}")


def test_what_is_made_while_pages_are_built_waits_for_the_next_build():
    """Else the page would show a figure whose files MkDocs does not know, and the build would stop."""
    job = store.Job("figures", "phases")
    as_it_began = Reading(store.ROOT / "docs" / "edge-of-chaos.md", folders={job: None})
    assert as_it_began.show(job) is None
    assert as_it_began.waits


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_a_served_page_comes_up_before_its_figure_and_then_with_it(project, port):
    figure = project / "wi_docs/pages/figures/phases.py"
    text = figure.read_text()
    assert "def draw() -> Picture:\n" in text
    slow = "def draw() -> Picture:\n    __import__('time').sleep(20)\n"
    figure.write_text(text.replace("def draw() -> Picture:\n", slow))
    command = [sys.executable, "-m", "mkdocs", "serve", "--dev-addr", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as serving:
        try:
            first = read(f"http://127.0.0.1:{port}/{PAGE}", 120, "</html>")
            assert WAIT in first
            assert FIGURE not in first
            assert 'class="wi-card"' in first  # what was made before is there
            last = read(f"http://127.0.0.1:{port}/{PAGE}", 120, FIGURE)
            assert WAIT not in last
        finally:
            serving.terminate()
