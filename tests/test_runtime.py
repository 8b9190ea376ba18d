"""Python in the reader's browser: what is pressed, typed, shared, stopped, and what happens when something is wrong."""

import base64
import dataclasses
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
from tests.pages import build, show
from wi_docs import activations, floats, initializers
from wi_docs.diagnosis import NORMALIZATIONS, Spec

END = ("ok", "differs", "error", "stopped")


def link(code, number=1):
    """The fragment that opens a page with this code in its snippet of this number."""
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
    button = snippet.find_element(By.CSS_SELECTOR, f"[data-wi-{action}]")
    WebDriverWait(browser, 20).until(lambda _: button.is_displayed())
    browser.execute_script("arguments[0].click()", button)


def open_code(browser, address, code, page="", number=1, width=1280):
    """Open a page with this code in the editor of a snippet, as a link does."""
    browser.get("about:blank")
    show(browser, address + page + link(code, number), width)
    WebDriverWait(browser, 20).until(lambda _: browser.find_elements(By.CSS_SELECTOR, ".cm-content"))
    return snippet(browser, number)


def run_code(browser, address, code, **place):
    chosen = open_code(browser, address, code, **place)
    press(browser, chosen, "run")
    return wait(browser, chosen)


@pytest.fixture(autouse=True)
def nothing_lost():
    yield
    Server.lost.clear()


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


def test_a_snippet_runs_after_those_above_it_and_edits_count(browser, address):
    show(browser, address + "edge-of-chaos/", 1280)
    second = snippet(browser, 2)
    press(browser, second, "run")
    assert wait(browser, second)[0] == "ok"
    assert state(snippet(browser)) == "ok"
    press(browser, second, "edit")
    editor = WebDriverWait(browser, 20).until(lambda _: second.find_element(By.CSS_SELECTOR, ".cm-content"))
    assert browser.switch_to.active_element == editor
    assert not second.find_element(By.TAG_NAME, "pre").is_displayed()
    editor.send_keys(Keys.CONTROL, Keys.END)
    editor.send_keys(Keys.ENTER, Keys.HOME, "1 + 41", Keys.CONTROL, Keys.ENTER)
    WebDriverWait(browser, 60).until(lambda _: state(second) == "differs")
    text = second.find_element(By.CSS_SELECTOR, "[data-wi-output]").text
    assert "not what is printed here" in text
    press(browser, second, "reset")
    assert state(second) == "idle"
    assert second.find_element(By.TAG_NAME, "pre").is_displayed()


def test_a_link_brings_code_as_text_and_sharing_makes_one(browser, address):
    code = "print('ünïcödé', 6 * 7)\n"
    chosen = open_code(browser, address, code)
    time.sleep(0.5)
    assert state(chosen) == "idle"
    assert "has not run" in chosen.text
    assert "ünïcödé" in chosen.find_element(By.CSS_SELECTOR, ".cm-content").text
    press(browser, chosen, "run")
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
def test_a_fragment_that_is_not_ours_is_ignored(browser, address, fragment):
    browser.get("about:blank")
    browser.get_log("browser")
    show(browser, address + fragment, 1280)
    time.sleep(0.7)
    assert not browser.find_elements(By.CSS_SELECTOR, ".cm-content")
    assert state(snippet(browser)) == "idle"
    assert [e for e in browser.get_log("browser") if e["level"] in ("SEVERE", "WARNING")] == []


def test_an_endless_loop_is_stopped_and_the_page_lives(browser, address):
    chosen = open_code(
        browser,
        address,
        "print('on the way')\nprint('begun')\nwhile True:\n    pass\n",
        page="vanishing-gradients/",
        number=3,
    )
    press(browser, chosen, "run")  # and those above it
    output = chosen.find_element(By.CSS_SELECTOR, "[data-wi-output]")
    WebDriverWait(browser, 60).until(lambda _: "begun" in output.text)
    assert state(chosen) == "running"
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
        ("import numpy as np\nkept = [np.ones(10**8) for _ in range(9)]\n", "Unable to allocate"),
        ("blocks = []\nwhile True: blocks.append(bytearray(10**8))\n", "memory"),
        ("import scipy\n", "ModuleNotFoundError: No module named 'scipy'. Here are numpy, matplotlib and wi_docs"),
        ("while True: print('x' * 1000)\n", "stopped after 100,000 characters of output"),
        ("from wi_docs import gain\ngain('rleu')\n", "line 2: gain('rleu')\nValueError: unknown activation 'rleu'"),
        ("raise SystemExit\n", "SystemExit"),
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


def test_a_file_written_is_announced_and_warnings_are_shown(browser, address):
    code = "import warnings\nopen('notes.txt', 'w').write('x')\nwarnings.warn('careful')\nprint('done')\n"
    _, text = run_code(browser, address, code)
    assert "Written to this page's memory, and gone when it is closed: notes.txt" in text
    assert "careful" in text
    assert "done" in text


def test_running_code_sees_neither_the_page_nor_the_network(browser, address):
    code = (
        "import js\n"
        "for name in ('document', 'localStorage', 'cookieStore', 'fetch', 'XMLHttpRequest', 'WebSocket', 'indexedDB', 'caches'):\n"
        "    print(name, getattr(js, name, None) is None)\n"
        "from pyodide.code import run_js\n"
        "print(run_js('delete self.fetch; delete self.indexedDB; [typeof fetch, typeof indexedDB, typeof WorkerGlobalScope.prototype.fetch].join()'))\n"
    )
    _, text = run_code(browser, address, code)
    assert text.count("True") == 8, text
    assert "undefined,undefined,undefined" in text


def test_markup_that_code_shows_draws_and_does_nothing_else(browser, address):
    code = (
        "class Bad:\n"
        "    def _repr_html_(self):\n"
        "        return ('<svg><text>drawn</text><script>window.hit = 1</script><use href=\"/x.svg#a\"/>'\n"
        '                \'<image href="/pixel-1"/></svg><img src="/pixel-2" onerror="window.hit = 1">\'\n'
        '                \'<p style="background: url(/pixel-3)" onclick="hit()">words</p><a href="javascript:hit()">a</a>\')\n'
        "Bad()\n"
    )
    chosen = open_code(browser, address, code)
    Server.asked.clear()
    press(browser, chosen, "run")
    wait(browser, chosen)
    WebDriverWait(browser, 10).until(lambda _: "drawn" in chosen.text)
    assert "words" in chosen.text
    assert browser.execute_script("return window.hit") is None
    assert not [path for path in Server.asked if "pixel" in path or "x.svg" in path]
    shown = chosen.find_element(By.CSS_SELECTOR, "[data-wi-output]").get_attribute("innerHTML")
    assert "javascript:" not in shown
    assert "onerror" not in shown


def test_what_is_drawn_is_shown_in_the_palette(browser, address):
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3])\nplt.title('a line')\n"
    chosen = open_code(browser, address, code)
    press(browser, chosen, "run")
    ended, text = wait(browser, chosen)
    assert ended != "error", text
    picture = WebDriverWait(browser, 20).until(lambda _: chosen.find_element(By.CSS_SELECTOR, "[data-wi-output] svg"))
    assert "a line" in picture.text
    assert "var(--wi-" in picture.get_attribute("innerHTML")
    assert picture.rect["width"] > 300


@pytest.mark.parametrize(
    "lost",
    [
        "numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl",
        "pyodide.asm.wasm",
        "pyodide.mjs",
        "python_stdlib.zip",
        "worker.js",
    ],
)
def test_a_download_that_fails_is_named_and_can_be_tried_again(browser, address, lost):
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.clearBrowserCache", {})
    browser.get("about:blank")
    show(browser, address, 1280)
    Server.lost.add(lost)
    first = snippet(browser)
    press(browser, first, "run")
    ended, text = wait(browser, first)
    assert ended == "error"
    assert f"{lost} could not be loaded" in text
    assert "press Run again" in text
    Server.lost.clear()
    press(browser, first, "run")
    assert wait(browser, first)[0] == "ok"
    browser.get_log("browser")


def test_no_buttons_without_webassembly(browser, address):
    script = {"source": "delete self.WebAssembly"}
    added = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", script)
    try:
        show(browser, address, 1280)
        assert not browser.find_elements(By.CSS_SELECTOR, "[data-wi-run], [data-wi-run-all]")
    finally:
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


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
    styles = with_it[2].partition("/* Running Python")[2]
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
                ("setup.py", f"open({str(ran)!r}, 'w').close()\nfrom setuptools import setup\nsetup(name='carrier', version='1.0')"),
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


def test_the_wheel_is_this_package_and_the_same_at_every_build(site, tmp_path, monkeypatch):
    import zipfile

    served = next((site / "runtime").glob("*/*.whl"))
    with zipfile.ZipFile(served) as built:
        for path in wheel.inputs():
            name = path.relative_to(wheel.ROOT).as_posix()
            if name.startswith("wi_docs/"):
                assert built.read(name) == path.read_bytes(), name
    monkeypatch.setattr(wheel, "WHEELS", tmp_path)
    assert wheel.build().read_bytes() == served.read_bytes()


def test_the_form_writes_a_description_and_the_address_brings_it_back(browser, address):
    show(browser, address + "diagnose/", 1280)
    cell = browser.find_element(By.CSS_SELECTOR, "[data-wi-exercise^='diagnose/'] [data-wi-snippet]")
    browser.find_element(By.CSS_SELECTOR, ".wi-form [name=activation]").send_keys("tanh")
    WebDriverWait(browser, 20).until(lambda _: 'activation = "tanh"' in cell.text)
    assert "widths=64%2C+128x12%2C+10&activation=tanh" in browser.current_url
    shared = browser.current_url.replace("128x12", "32x3")
    browser.get("about:blank")
    show(browser, shared, 390)
    cell = browser.find_element(By.CSS_SELECTOR, "[data-wi-exercise^='diagnose/'] [data-wi-snippet]")
    WebDriverWait(browser, 20).until(lambda _: "widths = [64, 32, 32, 32, 10]" in cell.text)
    assert state(cell) == "idle", "an address runs nothing"
    browser.find_element(By.CSS_SELECTOR, ".wi-form button").click()
    ended, text = wait(browser, cell)
    assert ended in ("ok", "differs")
    assert "64-32-32-32-10, tanh, pytorch_linear" in text or "64-32 (3 times)-10, tanh, pytorch_linear" in text
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_the_form_offers_what_the_package_knows(site):
    page = (site / "diagnose" / "index.html").read_text()
    for name, known in (
        ("activation", activations.names()),
        ("scheme", initializers.names()),
        ("normalization", NORMALIZATIONS),
        ("dtype", floats.FORMATS),
    ):
        options = re.search(rf'<select name="{name}".*?</select>', page, re.DOTALL)[0]
        assert re.findall(r"<option[^>]*>([^<]*)", options) == list(known)
    fields = {field.name for field in dataclasses.fields(Spec)} - {"sigma_w", "seed"}
    assert set(re.findall(r'<(?:input|select)[^>]* name="([a-z]\w*)"', page)) & fields == fields
