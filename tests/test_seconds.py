"""What is said of the time that a press takes. That it is about right, `test_runtime_pages` sees."""

import re

from scripts import seconds


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
