"""The copy that is read without a server: opened from a folder, in both browsers."""

import fcntl
import subprocess
import sys
import zipfile

import pytest

from tests.pages import ROOT
from tests.test_search import ask

pytestmark = pytest.mark.slow
SHOWN = "for (let n = 0; n < 500 && !(%s); n++) await new Promise(r => setTimeout(r, 20)); return %s"


@pytest.fixture(scope="module")
def folder(site, tmp_path_factory):
    scratch = tmp_path_factory.mktemp("offline")
    # Both browsers' tests may begin at once, in two processes, and npm bears no other beside it.
    with (ROOT / "scripts" / "vendor" / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["make", "scripts/vendor/node_modules/.ready"], cwd=ROOT, check=True, capture_output=True)
    zips = [scratch / "first.zip", scratch / "second.zip"]
    for file in zips:
        subprocess.run([sys.executable, "-m", "scripts.offline", str(site), str(file)], cwd=ROOT, check=True)
    assert zips[0].read_bytes() == zips[1].read_bytes()
    zipfile.ZipFile(zips[0]).extractall(scratch)
    return scratch / "wi_docs"


def until(driver, condition, value=""):
    """Wait for a condition, and return a value then; a condition that does not come true fails."""
    found = driver.run(SHOWN % (condition, value or f"!!({condition})"))
    assert found, condition
    return found


def test_search_explorers_claims_and_formulas_work_from_a_folder(either, folder):
    home = (folder / "index.html").as_uri()
    either.show(home, 1280, 900)
    until(either, "document.querySelector('#figure-one-number.wi-live')")
    either.run("document.querySelector('.wi-mark').click()")
    card = "document.querySelector('[id^=claim-]').textContent"
    assert "Accepted" in until(either, f"{card}.includes('Measured')", card)
    found = ask(either, home.removesuffix("index.html"), ["xavier", "kaiming_normal_"])
    places = [link for page in found["xavier"] for link, _ in page]
    assert "glossary/index.html#xavier" in places
    assert all((folder / link.partition("#")[0]).is_file() for link in places)
    either.show((folder / "vanishing-gradients" / "index.html").as_uri(), 1280, 900)
    assert either.run("return document.querySelectorAll('math msqrt').length") > 3
    until(either, "[...document.fonts].some(f => f.status === 'loaded' && f.family.includes('STIX Two Math'))")
    said = either.run("return document.querySelector('.wi-offline').textContent")
    assert "a browser runs Python only on pages that come from" in said
    assert not either.run("return document.querySelectorAll('[data-wi-run], [data-wi-run-all]').length")
    until(either, "document.querySelector('#figure-sigmoid-and-tanh').scrollIntoView() || "
                  "document.querySelector('#figure-sigmoid-and-tanh.wi-live')")  # fmt: skip


def test_every_link_of_the_copy_leads_to_a_file(folder):
    done = subprocess.run(
        [sys.executable, "-m", "scripts.check_site", str(folder)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert not done.stdout.split()
    for page in folder.rglob("*.html"):
        assert 'href="../"' not in page.read_text(), page
