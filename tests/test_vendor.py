"""What is bundled from others' packages belongs to the lock and the sources beside it, and says whose work it is."""

import hashlib
import json
import re

import pytest

from tests.pages import ROOT

VENDOR, SERVED = ROOT / "scripts" / "vendor", ROOT / "docs" / "assets" / "vendor"
RECORD = json.loads((VENDOR / "made.json").read_text())


@pytest.mark.parametrize("name", RECORD["from"])
def test_a_source_of_the_bundles_is_as_it_was_when_they_were_made(name):
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == RECORD["from"][name], "run make vendor"


def test_the_bundles_are_those_that_were_made_and_no_others():
    served = {str(path.relative_to(ROOT)) for path in SERVED.iterdir() if path.is_file()}
    assert {*served, "tests/axe.min.js"} == set(RECORD["made"])
    for name, digest in RECORD["made"].items():
        assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == digest, f"{name}: run make vendor"


def test_the_lock_has_hashes_and_no_addresses_and_every_package_its_license():
    lock = json.loads((VENDOR / "package-lock.json").read_text())
    packages = {path: entry for path, entry in lock["packages"].items() if path}
    unsure = [path for path, entry in packages.items() if "integrity" not in entry or "resolved" in entry]
    assert not unsure, f"scripts/vendor/package-lock.json: no hash, or an address, for {unsure}"
    notices = (SERVED / "LICENSES.txt").read_text()
    for name in json.loads((VENDOR / "package.json").read_text())["dependencies"]:
        if name != "esbuild":  # makes the bundles, and is not in them
            version = packages[f"node_modules/{name}"]["version"]
            assert re.search(
                rf"^{re.escape(name)} {re.escape(version)}, (MIT|\(MPL-2.0 OR Apache-2.0\))$", notices, re.MULTILINE
            ), name
