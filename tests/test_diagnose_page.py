"""The form on Diagnose, in two browsers: what is asked, what is refused in words, and the answer in sight."""

import base64
import dataclasses
import functools
import http.server
import io
import json
import re
import threading
import time
from urllib.parse import quote

import numpy as np
import pytest
from selenium.webdriver.common.keys import Keys

from tests.conftest import Server
from tests.pages import ROOT, WITHOUT_WEBKIT
from tests.test_runtime import link
from wi_docs.diagnosis.networks import NORMALIZATIONS, Spec
from wi_docs.nn import activations, initializers, number_formats

# What the tests below use: the form's parts, and a wait until something is so.
FORM = """
const form = document.querySelector(".wi-form"), result = form.querySelector(".wi-form__result")
const button = form.querySelector("[type=submit]"), status = result.querySelector("[role=status]")
const until = async (holds, most = 90000) => {
  const end = performance.now() + most
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not so in time: ${holds}; ${result.innerText}`)
    await new Promise(done => setTimeout(done, 20))
  }
}
const ended = () => until(() => ["ok", "bad", "error"].includes(result.dataset.wiState)
  && !button.hasAttribute("aria-disabled"))
const put = (name, value) => {
  const field = form.elements.namedItem(name)
  field.value = value
  for (const what of ["input", "change"]) field.dispatchEvent(new Event(what, { bubbles: true }))
}
"""


def opened(either, address, fragment="", width=1280, height=900):
    """Open Diagnose, forget what was asked of the server, and return what runs a script that has `FORM`."""
    either.show("about:blank", width, height)
    Server.asked.clear()
    either.show(f"{address}diagnose/{fragment}", width, height)
    return lambda script: either.run(FORM + script)


def started():
    """Whether a page has opened a room for Python."""
    return any("room.html" in path for path in Server.asked)


@pytest.fixture(autouse=True)
def no_error(either):
    if either.name == "chromium":
        either.driver.get_log("browser")  # what the test before left there; reading empties it
    yield
    if either.name == "chromium":
        assert [entry for entry in either.driver.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_a_press_before_the_script_has_come_keeps_what_was_typed(either, address):
    """A copy of the form has no listener. A form of the default method would ask for the page anew, without a word."""
    kept = opened(either, address)(
        """
        const bare = form.cloneNode(true), widths = bare.elements.namedItem("widths")
        form.replaceWith(bare)
        widths.value = "784, 512x3, 10"
        bare.querySelector("[type=submit]").click()
        await new Promise(done => setTimeout(done, 500))
        return [location.search, widths.value, widths.isConnected]
        """
    )
    assert kept == ["", "784, 512x3, 10", True]


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_a_bad_network_has_its_verdict_in_sight_and_a_cure_that_makes_it_good(either, address, width, height):
    page = opened(either, address, width=width, height=height)
    page(
        """
        window.seen = []
        const note = () => seen.push([button.textContent, button.getAttribute("aria-disabled"), status.textContent])
        new MutationObserver(note).observe(form, { subtree: true, childList: true, attributes: true })
        button.scrollIntoView({ block: "end", behavior: "instant" })
        button.focus()
        button.click()
        """
    )
    found = page(
        """
        await ended()
        await until(() => result.querySelector(".wi-form__charts[aria-label]"))
        const [verdict] = status.children, box = verdict.getBoundingClientRect()
        // Colored dots of each chart.
        const drawn = [...result.querySelectorAll("canvas")].map(canvas => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
          let colored = 0
          for (let k = 0; k < data.length; k += 4)
            colored += data[k + 3] > 200 && Math.abs(data[k] - data[k + 2]) > 60
          return colored
        })
        return { state: result.dataset.wiState, verdict: verdict.innerText, top: box.top, bottom: box.bottom,
          under: box.top - button.getBoundingClientRect().bottom, focus: document.activeElement === button,
          seen: result.contains(document.elementFromPoint(box.left + 5, box.top + 5)), drawn,
          charts: result.querySelector(".wi-form__charts").ariaLabel, folded: [...result.querySelectorAll("details")]
            .map(one => [one.firstChild.textContent, one.open]), button: button.textContent,
          code: result.querySelector("pre").innerText, page: document.body.innerText }
        """
    )
    assert found["state"] == "bad"
    assert found["verdict"].startswith("Bad: vanishing gradient. The gradient shrinks to ")
    assert "What helps most\n" in found["page"]
    assert "Not yet" not in found["page"]
    assert 0 < found["under"] < 80
    assert 0 < found["top"] < found["bottom"] <= height
    assert found["seen"]
    assert found["focus"]
    assert found["button"] == "Diagnose"
    assert min(found["drawn"]) > 100
    assert found["folded"] == [["PyTorch", True], ["Keras", False], ["Flax", False], ["The numbers, row by row", False]]
    assert "nn.init.kaiming_normal_" in found["code"]
    assert "The gradient is 2·10⁻⁵" in found["charts"] or re.search(r"The gradient is \d·10⁻", found["charts"])
    assert not any("matplotlib" in path for path in Server.asked)
    busy = [one for one in page("return seen") if one[1] == "true"]
    assert any(re.fullmatch(r"Loading Python: \d\.\d of 9\.\d MB", words) for words, *_ in busy)
    assert "Running …" in {words for words, *_ in busy}
    assert {"Loading Python …", "Running …"} <= {words for *_, words in busy}
    # The change is put into the form by its button, and makes the network good.
    cured = page(
        """
        result.querySelector("[value^='widths=']").click()
        await until(() => result.dataset.wiState === "ok")
        return [status.innerText, form.elements.scheme.value, location.hash, result.querySelectorAll("h3").length]
        """
    )
    assert cured[0].startswith("Good. ")
    assert cured[1:] == ["he_normal", "#widths=64%2C128x12%2C10&scheme=he_normal&sigma_b=0.0", 0]


WRONG = [
    ("widths", "abc", "Write the widths from input to output, such as 64, 128x12, 10. “abc” is no width."),
    ("widths", "", "Write the widths from input to output, such as 64, 128x12, 10."),
    ("widths", "64", "Write the widths from input to output, such as 64, 128x12, 10: at least two."),
    ("widths", "64, -1, 10", "“-1” is no width."),
    ("widths", "64, 0, 10", "“0” is no width."),
    ("widths", "64, 2.5, 10", "“2.5” is no width."),
    ("widths", "64, 256x9999, 10", "“256x9999” is too deep for this page: at most 1000 layers."),
    ("widths", "64, 8x600, 8x600", "“8x600” is too deep for this page: at most 1000 layers."),
    ("widths", "64, 99999, 10", "“99999” is too wide for this page: at most 10000 units."),
    ("gain", "hello", "Write a number above 0, not “hello”."),
    ("gain", "0", "Write a number above 0, not “0”."),
    ("gain", "-1", "Write a number above 0, not “-1”."),
    ("gain", "1e999", "Write a number above 0, not “1e999”."),
    ("gain", "0x10", "Write a number above 0, not “0x10”."),
    ("gain", "0,5", "Write a number above 0, not “0,5”."),
    ("sigma_b", "-1", "Write a number that is 0 or more, not “-1”."),
    ("branch", "0.5", "Only residual blocks have branches. Choose them above, or leave 1 here."),
    ("input_second_moment", "0", "Write a number above 0, not “0”."),
    ("input_correlation", "1", "Write a number from 0 to less than 1, not “1”."),
    ("input_correlation", "-0.1", "Write a number from 0 to less than 1, not “-0.1”."),
]  # fmt: skip
TOGETHER = [  # the structure, the field, its value and what is said there
    ("residual=1", "widths", "64, 128x12, 10", "Residual blocks of two layers need one width"),
    ("residual=1", "widths", "64, 8, 10", "Residual blocks of two layers need one width"),
    ("residual=1", "branch", "nan", "Write a number that is 0 or more, not “nan”."),
    ("normalization=before", "widths", "64, 1, 10", "at least two of them in each hidden layer"),
]


def test_each_wrong_value_is_refused_in_words_beside_its_field_and_nothing_runs(either, address):
    page = opened(either, address)
    for structure, name, value, words in [*(("", *one) for one in WRONG), *TOGETHER]:
        widths = "64, 128x13, 10" if structure and name != "widths" else None
        said = page(
            f"""
            const name = {json.dumps(name)}, field = form.elements.namedItem(name), good = field.value
            put("structure", {json.dumps(structure)})
            if ({json.dumps(widths)}) put("widths", {json.dumps(widths)})
            put(name, {json.dumps(value)})
            await until(() => field.ariaInvalid)
            document.activeElement.blur()
            button.click()
            await until(() => document.activeElement === field)
            const words = document.getElementById(field.getAttribute("aria-describedby").split(" ")[0])
            const [own, other] = [words, field].map(one => one.getBoundingClientRect())
            const found = [words.innerText, own.left - other.left, own.top - other.bottom, own.height > 0,
              form.querySelectorAll("[aria-invalid]").length, field.closest("details")?.open ?? true]
            put(name, good)
            put("structure", "")
            put("widths", "64, 128x12, 10")
            await until(() => !form.querySelector("[aria-invalid], strong"))
            return found
            """
        )
        assert words in said[0], (name, value)
        assert abs(said[1]) < 2
        assert 0 <= said[2] < 12
        assert said[3:] == [True, 1, True], (name, value)
    assert not started()
    assert page("return result.innerText") == ""


def test_the_form_refuses_just_what_the_package_does():
    """The bounds of the numbers in the form are those of `Spec`."""
    form = (ROOT / "docs" / "diagnose.md").read_text()
    fields = re.findall(r'name="(\w+)"\s+data-kind="number"([^>]*)>', form)
    assert len(fields) == 5
    for name, attributes in fields:
        bounds = {kind: float(value) for kind, value in re.findall(r'data-(above|least|below)="([^"]+)"', attributes)}
        whole = {"widths": (8, 8, 8, 8, 2), "scheme": "he_normal", "residual": True}
        for kind, bound in bounds.items():
            inside = bound if kind == "least" else bound + (-1e-9 if kind == "below" else 1e-9)
            outside = bound - 1e-9 if kind == "least" else bound
            assert getattr(Spec(**whole, **{name: inside}), name) == inside
            with pytest.raises(ValueError, match=name):
                Spec(**whole, **{name: outside})


def test_the_form_offers_what_the_package_knows(site):
    page = (site / "diagnose" / "index.html").read_text()
    options = {
        name: re.findall(r"<option[^>]*>([^<]*)", re.search(rf'name="{name}".*?</select>', page, re.DOTALL)[0])
        for name in ("activation", "scheme", "dtype")
    }
    assert options["activation"] == list(activations.names())
    assert options["dtype"] == list(number_formats.FORMATS)
    # First by the libraries' names, then all.
    assert options["scheme"][-len(initializers.names()) :] == list(initializers.names())
    by_library = re.findall(r'<option value="(\w+)">(?:PyTorch|Keras|Flax): ', page)
    assert len(by_library) == 12
    assert set(by_library) <= set(initializers.names())
    structures = re.search(r'name="structure".*?</select>', page, re.DOTALL)[0]
    assert {*re.findall(r"normalization=(\w+)", structures), "none"} == set(NORMALIZATIONS)
    fields = {field.name for field in dataclasses.fields(Spec)} - {"sigma_w", "seed", "residual", "normalization"}
    assert set(re.findall(r'name="([a-z]\w*)"', page)) & fields == fields


CLOSES = '"""))import js;js.console.log("INJECTED");print(("""'
# Addresses that try to be code, to write another field, or to name what every object has.
HOSTILE = [
    f"widths=64, 32x3, 10&scheme=he_normal&input_correlation=0{' ' * 150}{CLOSES}",
    f"widths=64, 32x3, 10{CLOSES}",
    "widths=64, __import__('os'), 10",
    *(f"widths=64, 10&{name}=1{CLOSES}" for name in ("gain", "sigma_b", "branch", "input_second_moment")),
    *(
        f"widths=64, 10&{name}={value}"
        for name in ("activation", "scheme", "normalization", "dtype", "residual")
        for value in (f"relu{CLOSES}", 'relu"\nseed = 7\n"', "__proto__", "constructor", "<img src=x onerror=alert(1)>")
    ),
    "widths=64, 10&gain=1\nseed = 7",
    "widths=64, 10\nseed = 7",
    "widths=__proto__&gain=constructor",
    "widths=64, 10&gain=inf",
    "widths=64, 10&gain=1_0",
    "widths=٣, 10",
    f"widths={'2x1000,' * 400}2",
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_a_link_whose_values_are_none_is_refused_in_words_and_runs_nothing(either, address, hostile):
    page = opened(either, address, f"#{quote(hostile, safe='=&')}")
    said = page(
        """
        await until(() => form.querySelector("[aria-invalid]"))
        const [wrong] = form.querySelectorAll("[aria-invalid]")
        await until(() => wrong === document.activeElement, 9000)
        await new Promise(done => setTimeout(done, 100))
        return [wrong === document.activeElement, form.querySelectorAll("img").length,
          wrong.nextElementSibling.getBoundingClientRect().height > 0, result.innerText]
        """
    )
    assert said == [True, 0, True, ""]
    assert not started()


@WITHOUT_WEBKIT
def test_a_link_runs_at_once_and_leaves_out_what_is_no_field(either, address):
    fragment = "#widths=64,+32x5,+10&__proto__=1&gain=2&constructor=1&seed=7&sigma_w=3&normalization=before&residual=1"
    page = opened(either, address, fragment, 390, 844)
    found = page(
        """
        await ended()
        return [status.innerText, form.elements.gain.value, form.elements.structure.value, location.hash,
          status.getBoundingClientRect().top < innerHeight,
          [...result.querySelectorAll("details > p")].at(-1).textContent]
        """
    )
    assert re.match("Good|Bad", found[0])
    assert found[1:5] == [
        "2", "normalization=before&residual=1",
        "#widths=64%2C+32x5%2C+10&scheme=pytorch_linear&gain=2&normalization=before&residual=1", True,
    ]  # fmt: skip
    assert found[5] == "64-32 (5 times)-10, relu, pytorch_linear, gain 2, residual, normalized before"


def test_a_link_with_code_runs_nothing_before_a_press(either, address):
    page = opened(either, address, link("print('here')"))
    page("await until(() => document.querySelector('.cm-content')); await new Promise(done => setTimeout(done, 500))")
    assert page("return result.innerText") == ""
    assert not started()


@WITHOUT_WEBKIT
def test_an_example_runs_at_once(either, address):
    page = opened(either, address)
    found = page(
        """
        form.querySelectorAll(".wi-form__examples button")[3].click()
        await ended()
        return [status.innerText, form.elements.activation.value, location.hash]
        """
    )
    # docs/diagnose.md: deep GELU networks at He's scale differ from draw to draw.
    assert "variance between draws" in found[0]
    assert found[1:] == ["gelu_tanh", "#widths=64%2C256x40%2C10&activation=gelu_tanh&scheme=he_normal"]


def npz(**arrays):
    """A .npz file, in base64."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    return base64.b64encode(file.getvalue()).decode()


DROP = """
const bytes = Uint8Array.from(atob(CONTENT), letter => letter.charCodeAt(0)), dataTransfer = new DataTransfer()
dataTransfer.items.add(new File([bytes], NAME))
performance.clearResourceTimings()
delete result.dataset.wiState
for (const what of ["dragover", "drop"])
  document.querySelector("h1").dispatchEvent(new DragEvent(what, { bubbles: true, cancelable: true, dataTransfer }))
await until(() => result.dataset.wiState)
await ended()
return { text: status.innerText, rest: result.innerText, name: form.querySelector("[type=file]").files[0].name,
  off: [...form.querySelectorAll(":is(input, select):disabled")].map(one => one.name), hash: location.hash, images:
  form.querySelectorAll("img").length, open: form.querySelector("details").open,
  rows: [...result.querySelectorAll("tbody th")].map(one => one.textContent),
  asked: performance.getEntriesByType("resource").map(one => new URL(one.name).pathname) }
"""


def dropped(page, name, content):
    """Drop a file on the page, and return what is shown then."""
    return page(DROP.replace("CONTENT", json.dumps(content)).replace("NAME", json.dumps(name)))


def test_a_dropped_file_is_judged_in_the_room_and_goes_nowhere_else(either, address):
    rng = np.random.default_rng(0)
    sizes = (64, *[48] * 12, 10)
    # At a twentieth of He's variance each layer divides the signal by 4.5.
    layers = {f"fc{k:02}.weight": rng.normal(0, (0.1 / sizes[k]) ** 0.5, sizes[k : k + 2][::-1]) for k in range(13)}
    page = opened(either, address)
    found = dropped(page, "mine.npz", npz(**layers))
    assert found["text"].startswith("Bad: vanishing ")
    assert found["off"] == ["widths", "scheme", "gain", "sigma_b"]
    assert found["hash"] == ""
    assert found["name"] == "mine.npz"
    assert len(found["rows"]) == 13
    own = re.compile(r"/(runtime|assets|ledger|search)/")  # of the site; the theme fetches the next page ahead
    assert [path for path in found["asked"] if not path.startswith("blob:") and not own.match(path)] == []
    assert not any("mine" in path for path in Server.asked)
    # Without it the fields say what is asked again.
    found = page(
        """
        form.querySelector("[data-wi-remove]").click()
        await until(() => !form.elements.widths.disabled)
        button.click()
        await until(() => status.innerText.startsWith("Bad: vanishing gradient"))
        await ended()
        return [...result.querySelectorAll("details > p")].at(-1).textContent
        """
    )
    assert found == "64-128 (12 times)-10, relu, pytorch_linear"


@WITHOUT_WEBKIT
def test_names_from_a_file_are_text_and_what_cannot_be_read_is_said_in_words(either, address):
    page = opened(either, address)
    hostile = "<img src=x onerror=alert(1)>"
    found = dropped(page, "a<b>.npz", npz(**{hostile: np.ones((2, 3, 3)), "b": np.array([np.nan])}))
    assert found["text"].startswith("Bad: parameter without a value. b has 1 NaN of 1 values")
    assert found["rows"] == ["b", hostile]
    assert found["images"] == 0
    for name, content, words in (
        ("model.pt", b"\x80\x02", "is a pickle, which runs code when it is read. In PyTorch: "),
        ("w.npz", b"hello", "is not a .npz file of arrays"),
        ("w.safetensors", b"\xff" * 20, "w.safetensors"),
    ):
        found = dropped(page, name, base64.b64encode(content).decode())
        assert words in found["text"]
        assert "Traceback" not in found["rest"]
        assert "Error" not in found["rest"]
    # Which way round square layers are, a file does not say: the fields for that come into sight.
    page("form.querySelector('details').open = false")
    found = dropped(page, "w.npz", npz(a=np.ones((8, 8)), b=np.eye(8)))
    assert "--" in found["text"]
    assert found["open"]
    # An example takes the file's place.
    found = page(
        """
        form.querySelector(".wi-form__examples button").click()
        await until(() => status.innerText.startsWith("Bad: vanishing gradient"))
        return [form.elements.widths.value, form.querySelector("[type=file]").files.length,
          form.querySelectorAll(":is(input, select):disabled").length]
        """
    )
    assert found == ["64,256x20,10", 0, 2]


def test_it_is_all_done_by_keyboard(either, address):
    page = opened(either, address)
    page("form.querySelector('.wi-form__examples button:last-child').focus()")
    focused = "return document.activeElement.id || document.activeElement.textContent"
    either.press(Keys.TAB)
    assert page(focused) == "wi-widths"
    either.press("64, 0, 10", Keys.ENTER)
    page("await until(() => form.querySelector('strong'))")
    assert page(focused) == "wi-widths"
    either.press(Keys.END, *[Keys.BACKSPACE] * 30, "64, 32x20, 10", Keys.TAB)
    assert page("return form.elements.widths.value") == "64, 32x20, 10"
    assert page("return form.querySelectorAll('strong').length") == 0
    assert page(focused) == "wi-activation"
    either.press("t", "a", "n", "h")
    assert page("return form.elements.activation.value") == "tanh"
    seen = []
    while "Diagnose" not in seen:
        either.press(Keys.TAB)
        seen.append(page(focused))
        assert len(seen) < 8
    assert seen[:2] == ["wi-scheme", "wi-structure"]
    assert seen[2].startswith("Gain, biases")
    assert "wi-file" in seen
    if either.name == "chromium":
        either.press(Keys.ENTER)
    else:  # a window without focus, as a headless one is, passes no key on to any button
        page("document.activeElement.click()")
    page("await ended()")
    assert page("return status.innerText").startswith("Bad: vanishing gradient")
    assert page(focused) == "Diagnose"
    stops = []
    for _ in range(9):
        either.press(Keys.TAB)
        stops.append(page("return document.activeElement.textContent.trim().split('\\n')[0]"))
    assert stops[0] == "Put it into the form, and diagnose"
    assert {"PyTorch", "Copy", "Keras", "Flax", "The numbers, row by row"} <= set(stops)


CUT = """
for (const one of form.querySelectorAll("details")) one.open = true
await new Promise(done => setTimeout(done, 300))
const cut = []
for (const one of form.querySelectorAll("*")) {
  const box = one.getBoundingClientRect()
  if (!box.width || one.closest(".wi-form__scroll table, .uplot, option, optgroup")) continue
  if (box.right > innerWidth || box.left < 0) cut.push(`${one.tagName} ${one.className} beyond the window`)
  const scrolls = one.matches("select, input") || /auto|scroll/.test(getComputedStyle(one).overflowX)
  if (one.scrollWidth > one.clientWidth + 1 && one.clientWidth && !scrolls) cut.push(`${one.tagName} ${one.innerText}`)
  for (const { width, height } of one.matches("button, summary, select") ? [box] : [])
    if (height < 24 || width < 24) cut.push(`${one.tagName} ${one.innerText} is ${width} x ${height}`)
}
return { cut, wide: document.documentElement.scrollWidth - innerWidth }
"""


@pytest.mark.parametrize("scheme", ["default", "slate"])
@WITHOUT_WEBKIT
def test_nothing_is_cut_on_a_phone(either, address, scheme):
    page = opened(either, address, "#widths=64,256x20,10&scheme=pytorch_linear", 390, 844)
    page(f"document.body.dataset.mdColorScheme = '{scheme}'")
    page("await ended(); await until(() => result.querySelector('.wi-form__charts[aria-label]'))")
    found = page(CUT)
    assert found["cut"] == []
    # The table scrolls within what the keyboard reaches.
    reached = "document.querySelector('.wi-form__scroll[tabindex]')"
    assert page(f"return {reached}.scrollWidth - {reached}.clientWidth") > 100
    assert found["wide"] <= 0
    page("put('widths', 'W'.repeat(300)); put('gain', 'W'.repeat(300))")
    page("await until(() => form.querySelectorAll('strong').length === 2)")
    assert page(CUT)["cut"] == []


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ("widths=64,4000x2,10&scheme=he_normal", "Lines are theory."),
        ("widths=32,32x5,10&scheme=identity", "Dots are simulated."),
    ],
)
@WITHOUT_WEBKIT
def test_charts_have_lines_and_dots_in_the_palettes_colors(either, address, network, words):
    page = opened(either, address, f"#{network}")
    colors = page(
        """
        await ended()
        await until(() => result.querySelector(".wi-form__charts[aria-label]"))
        const colors = []
        for (const scheme of ["default", "slate"]) {
          document.body.dataset.mdColorScheme = scheme
          await new Promise(done => setTimeout(done, 500))
          const canvas = result.querySelector("canvas")
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
          const wanted = getComputedStyle(document.body).getPropertyValue("--wi-blue").trim()
          const [r, g, b] = [1, 3, 5].map(k => parseInt(wanted.slice(k, k + 2), 16))
          let count = 0
          for (let k = 0; k < data.length; k += 4) count += data[k] === r && data[k + 1] === g && data[k + 2] === b
          colors.push(count)
        }
        return colors
        """
    )
    assert min(colors) > 30
    assert page("return result.querySelector('.wi-form__charts p').textContent") == words


@WITHOUT_WEBKIT
def test_a_run_can_be_stopped_and_begun_anew(either, address):
    page = opened(either, address, "#widths=64,512x100,10&scheme=he_normal")
    found = page(
        """
        const stop = form.querySelector("[data-wi-stop]")
        await until(() => status.textContent === "Running …")
        const shown = !stop.hidden
        stop.click()
        await until(() => result.dataset.wiState === "error")
        const said = status.innerText
        put("widths", "64, 32x3, 10")
        await until(() => "wiStale" in result.dataset)
        button.click()
        await until(() => result.dataset.wiState === "ok")
        await ended()
        return [shown, said, stop.hidden, "wiStale" in result.dataset]
        """
    )
    assert found == [True, "Stopped. Python starts afresh with the next press.", True, False]


@WITHOUT_WEBKIT
def test_it_works_below_a_path(either, site, tmp_path):
    (tmp_path / "project").symlink_to(site)
    handler = functools.partial(Server, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_port}/project/"
        page = opened(either, address, "#widths=64,32x3,10&scheme=he_normal")
        assert page("await ended(); return status.innerText").startswith("Good. ")
        time.sleep(0.3)
        assert all(path.startswith("/project/") for path in Server.asked)
    finally:
        server.shutdown()
        server.server_close()
