"""A stranger's code reaches neither the reader, the page nor another host, in two browsers. A second server listens."""

import json
import re
import socket
import threading
import time

import pytest

from tests.test_runtime import link

FREEZE = 200  # ms that the page may be without an answer


class Elsewhere:
    """Another host: a port that keeps the first bytes of every connection, also of one that sends none."""

    def __init__(self):
        self.heard = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            connection.settimeout(0.5)
            try:
                self.heard.append(connection.recv(200))
            except OSError:
                self.heard.append(b"")
            connection.close()


@pytest.fixture(scope="module")
def elsewhere():
    other = Elsewhere()
    yield other
    other.socket.close()


@pytest.fixture(autouse=True)
def silence(elsewhere):
    elsewhere.heard.clear()
    yield
    time.sleep(0.3)
    assert elsewhere.heard == []


RUN = """
const cell = document.querySelectorAll("[data-wi-snippet]")[NUMBER - 1], output = cell.querySelector("[data-wi-output]")
const wait = ms => new Promise(done => setTimeout(done, ms))
for (let k = 0; k < 400 && !cell.querySelector(".cm-content"); k++) await wait(50)
window.gaps = []
let last = performance.now()
const clock = setInterval(() => { gaps.push(performance.now() - last); last = performance.now() }, 5)
for (let k = 0; k < 2; k++) { cell.querySelector("[data-wi-run]").click(); await wait(100) }
const began = performance.now()
while (!["ok", "differs", "error", "stopped"].includes(output.dataset.wiState)) {
  if (performance.now() - began > LIMIT && !cell.querySelector("[data-wi-stop]").hidden)
    cell.querySelector("[data-wi-stop]").click()
  await wait(50)
}
await wait(AFTER)
clearInterval(clock)
return { state: output.dataset.wiState, text: output.innerText, freeze: Math.max(...gaps),
  frames: output.querySelectorAll("iframe").length }
"""


def run(either, address, code, number=1, limit=120, after=300, page=""):
    """Open the page with code that came by a link, press Run twice, and return how it has ended.

    What runs longer than `limit` seconds is stopped. `after` is how long the page is looked at afterwards, in ms.
    """
    either.show(address + page + link(code, number), 1280, 900)
    return either.run(
        RUN.replace("NUMBER", str(number)).replace("LIMIT", str(limit * 1000)).replace("AFTER", str(after))
    )


# Ways to other hosts, and to what the site keeps in the browser, each a body of an async function with `url`, `ws` and
# a blob's address `made` of a script. What comes of it is returned.
WAYS = {
    "fetch": "return (await fetch(url)).status",
    "fetch in another mode": "return (await fetch(url, { mode: 'no-cors', keepalive: true })).type",
    "a request object": "return (await fetch(new Request(url, { method: 'POST', body: '42', mode: 'no-cors' }))).type",
    "the page itself": "return (await fetch(home)).status",
    "XMLHttpRequest": "const x = new XMLHttpRequest(); x.open('GET', url, false); x.send(); return x.status",
    "WebSocket": "const s = new WebSocket(ws); return await new Promise((a, b) => { s.onopen = a; s.onerror = b })",
    "WebSocketStream": "return await new WebSocketStream(ws).opened",
    "WebTransport": "return await new WebTransport(url.replace('http', 'https')).ready",
    "EventSource": "const s = new EventSource(url); return await new Promise((a, b) => { s.onopen = a; s.onerror = b })",
    "import": "return await import(url)",
    "importScripts": "return importScripts(url)",
    "a font": "return await new FontFace('x', `url(${url})`).load()",
    "a worker": "const w = new Worker(url); return await new Promise((a, b) => { w.onmessage = a; w.onerror = b })",
    "a module worker": "const w = new Worker(url, { type: 'module' }); return await new Promise((a, b) => { w.onerror = b })",
    "a shared worker": "return new SharedWorker(url)",
    "a beacon": "return navigator.sendBeacon(url, '42')",
    "a stream to WebAssembly": "return await WebAssembly.compileStreaming(fetch(url))",
    "a report": "return await fetchLater(url)",
    "a service worker": "return await navigator.serviceWorker.register(url)",
    "caches": "return await (await caches.open('x')).add(url)",
    "caches, of the site": "return await (await caches.open('x')).put('/x', new Response('x'))",
    "storage buckets": "return await (await (await navigator.storageBuckets.open('x')).caches.open('x')).add(url)",
    "a bucket's files": "return await (await navigator.storageBuckets.open('x')).getDirectory()",
    "files of the origin": "return await navigator.storage.getDirectory()",
    "a database": "const r = indexedDB.open('x'); return await new Promise((a, b) => { r.onsuccess = a; r.onerror = b })",
    "locks": "return await navigator.locks.request('x', () => 1)",
    "an old file system": "return webkitRequestFileSystemSync(0, 1000)",
    "cookies": "return await cookieStore.getAll()",
    "local storage": "return localStorage.length",
    "the document": "return document.title",
    "code of a text": "return eval('1')",
    "code of a function": "return new Function('return 1')()",
}
HARMLESS = {"locks"}  # of an origin that nobody shares

TRIED = """
const ways = {WAYS}
self.tried = Promise.all(Object.entries(ways).map(async ([name, way]) => {
  const late = new Promise(done => setTimeout(() => done("nothing"), 3000))
  try { return [name, "open: " + await Promise.race([way(), late])] } catch (error) { return [name, "shut: " + error] }
}))
"""


def script(url, home):
    ways = ",".join(f"{json.dumps(name)}: async () => {{ {way} }}" for name, way in WAYS.items())
    names = f"const url = {json.dumps(url)}, ws = url.replace('http', 'ws'), home = {json.dumps(home)};"
    return names + TRIED.replace("WAYS", ways)


def test_the_room_is_shut(either, address, elsewhere):
    """A worker as hostile as can be, in place of ours, and a worker that it starts."""
    either.show(address, 1280, 900)
    tried = script(f"http://127.0.0.1:{elsewhere.port}/secret", address)
    hostile = f"""{tried}
    onmessage = async ({{ ports: [port] }}) => {{
      const inner = new Worker(URL.createObjectURL(new Blob([{json.dumps(tried + ";tried.then(postMessage)")}])))
      const second = new Promise(done => {{ inner.onmessage = ({{ data }}) => done(data) }})
      port.postMessage([...await tried, ...(await second).map(([name, how]) => ["inner " + name, how])])
    }}"""
    found = either.run(
        f"""
        const frame = document.createElement("iframe"), {{ port1, port2 }} = new MessageChannel()
        frame.setAttribute("sandbox", "allow-scripts")
        frame.src = "assets/js/run/room.html"
        document.body.append(frame)
        await new Promise(done => {{ frame.onload = done }})
        frame.contentWindow.postMessage({json.dumps(hostile)}, "*", [port2, new MessageChannel().port2])
        return new Promise(done => {{ port1.onmessage = ({{ data }}) => done(data) }})
        """
    )
    assert len(found) == 2 * len(WAYS)
    opened = {name: how for name, how in found if not how.startswith("shut")}
    assert {name.removeprefix("inner ") for name in opened} <= HARMLESS, opened
    kept = either.run(
        "return [localStorage.length - (localStorage.getItem('x') === null ? localStorage.length : 0),"
        " (await indexedDB.databases()).length, (await caches.keys()).length]"
    )
    assert kept == [0, 0, 0]


# The same ways in the middle of a run, by an imported script and by a worker inside the worker, and Python's own.
ESCAPES = """
import js, time
from pyodide.ffi import to_js
url, script = {url!r}, {script!r}
kind = to_js({{"type": "text/javascript"}}, dict_converter=js.Object.fromEntries)
blob = lambda: js.URL.createObjectURL(js.Blob.new(to_js([script]), kind))
js.importScripts(blob())
js.Worker.new(blob())
for way in ("urllib.request.urlopen(url)", "pyodide.http.open_url(url)", "socket.create_connection(('127.0.0.1', {port}))",
            "js.fetch(url)", "js.XMLHttpRequest.new().open('GET', url, False)", "pyodide.http.pyfetch(url)",
            "pyodide.code.run_js('1')", "micropip.install(url)", "pyodide_js.loadPackage(url)", "js.importScripts(url)",
            "os.system('curl ' + url)", "subprocess.run(['curl', url])"):
    names = {{"url": url, "js": js}}
    try:
        for module in ("urllib.request", "pyodide.http", "pyodide.code", "socket", "micropip", "pyodide_js", "os",
                       "subprocess"):
            if module.split(".")[0] in way:
                exec("import " + module, names)
        exec(way, names)
        print(way, "did not raise")
    except BaseException as error:
        print(way, "raised", type(error).__name__)
time.sleep(2)
print("looked for long")
"""


def test_python_reaches_no_other_host(either, address, elsewhere):
    url = f"http://127.0.0.1:{elsewhere.port}/secret"
    found = run(either, address, ESCAPES.format(script=script(url, address), url=url, port=elsewhere.port), after=1000)
    assert "looked for long" in found["text"]
    for way in ("urlopen", "open_url", "create_connection", "importScripts", "run_js"):
        assert re.search(rf"{way}\(.*\) raised", found["text"]), found["text"]


def test_the_other_server_hears_what_is_sent(either, elsewhere):
    """What the tests of this file take for granted: a request, and a connection without one, would be noticed."""
    either.show("about:blank", 800, 600)
    either.run(f"await fetch('http://127.0.0.1:{elsewhere.port}/', {{ mode: 'no-cors' }}).catch(() => 0)")
    socket.create_connection(("127.0.0.1", elsewhere.port)).close()
    time.sleep(0.7)
    assert len(elsewhere.heard) >= 2
    elsewhere.heard.clear()
