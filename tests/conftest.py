"""The built site, a copy of the project to spoil, and a browser: each made once for the tests that share it."""

import functools
import http.server
import os
import shutil
import threading
from pathlib import Path
from typing import ClassVar

import pytest
from selenium import webdriver

from tests.drivers import Chromium, Firefox, WebKit
from tests.pages import ROOT, build

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
FIREFOX = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
WEBKIT = next(map(str, Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser")), None)
WEBKIT_DRIVER = shutil.which("WebKitWebDriver")


def pytest_collection_modifyitems(items):
    """Mark as slow what drives a browser or builds a copy of the project, and begin with the longest tests.

    A page that runs all its code may take a minute: at the end, a core would be left without work for as long.
    """
    for item in items:
        if {"browser", "firefox", "webkit", "either", "project"} & set(item.fixturenames):
            item.add_marker("slow")
    items.sort(key=lambda item: item.path.stem != "test_runtime_pages")


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    if "WI_DOCS_SITE" in os.environ:  # in CI, where what is tested is what is published
        return Path(os.environ["WI_DOCS_SITE"])
    folder = tmp_path_factory.mktemp("built") / "site"
    done = build(ROOT, "--site-dir", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout + done.stderr
    return folder


@pytest.fixture
def project(tmp_path, site):
    """A copy of the project with everything made, and a site that was built before."""
    copy = tmp_path / "project"
    ignore = shutil.ignore_patterns(
        ".git", ".venv", ".cache", "site", ".site-*", "node_modules", "__pycache__", ".*_cache"
    )
    shutil.copytree(ROOT, copy, ignore=ignore)
    # Of what is kept the results alone: there may be whole environments beside them.
    for kept in ("store", "templates"):
        shutil.copytree(ROOT / ".cache" / kept, copy / ".cache" / kept)
    (copy / ".cache" / "experiments").symlink_to(ROOT / ".cache" / "experiments")
    (copy / "site").mkdir()
    (copy / "site" / "index.html").write_text("the last site")
    return copy


class Server(http.server.SimpleHTTPRequestHandler):
    """A server of the site whose answers a test can spoil.

    Attributes:
        lost: names of files that are answered with an error.
        spoiled: names of files in whose place something else is sent.
        held: names of files that wait for an event before they are answered.
        added: headers that are sent with the files of these names.
        asked: the paths of all requests, in order.
    """

    lost: ClassVar[set[str]] = set()
    spoiled: ClassVar[set[str]] = set()
    held: ClassVar[dict[str, threading.Event]] = {}
    added: ClassVar[dict[str, tuple[str, str]]] = {}
    asked: ClassVar[list[str]] = []
    extensions_map: ClassVar[dict[str, str]] = {
        **http.server.SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript", ".wasm": "application/wasm"
    }  # fmt: skip

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        name = self.path.partition("?")[0].rpartition("/")[2]
        self.asked.append(self.path)
        if name in self.held:
            self.held[name].wait(60)
        if name in self.lost:
            self.send_error(503)
        elif name in self.spoiled:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"something else")
        else:
            super().do_GET()

    def end_headers(self):
        name = self.path.partition("?")[0].rpartition("/")[2]
        # Without it a browser asks no more for what has not changed for long (a tenth of a file's age), and `asked`
        # depends on which tests ran before and on when the site was built. The room's headers are those of now.
        self.send_header("Cache-Control", "no-store" if name == "room.html" else "no-cache")
        if name in self.added:
            self.send_header(*self.added[name])
        super().end_headers()


@pytest.fixture(scope="session")
def server(site):
    handler = functools.partial(Server, directory=str(site))
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


@pytest.fixture(scope="session")
def address(server):
    return f"http://127.0.0.1:{server.server_port}/"


@pytest.fixture(scope="session")
def browser():
    if not (CHROMIUM and DRIVER):
        assert "WI_DOCS_REQUIRE_BROWSER" not in os.environ, "no chromium and chromedriver, and they are required here"
        pytest.skip("no chromium and chromedriver on this machine")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-background-networking", "disable-sync"):
        options.add_argument(f"--{argument}")
    # The console's messages, and the requests of each page.
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    driver.set_script_timeout(110)  # less than selenium waits for an answer itself
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def firefox(tmp_path_factory):
    if not FIREFOX:
        assert "WI_DOCS_REQUIRE_BROWSER" not in os.environ, "no firefox, and it is required here"
        pytest.skip("no firefox on this machine")
    driver = Firefox(FIREFOX, tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def webkit():
    if not (WEBKIT and WEBKIT_DRIVER and shutil.which("Xvfb")):
        assert "WI_DOCS_REQUIRE_BROWSER" not in os.environ, "no WebKit, its driver and Xvfb, and they are required here"
        pytest.skip("no WebKit, its driver and Xvfb on this machine")
    driver = WebKit(WEBKIT, WEBKIT_DRIVER)
    yield driver
    driver.quit()


@pytest.fixture(params=["chromium", "firefox", "webkit"])
def either(request):
    """Each of the browsers, one after the other."""
    if request.param == "chromium":
        return Chromium(request.getfixturevalue("browser"))
    return request.getfixturevalue(request.param)
