"""Explorers: the data that they carry, against the package; and in Chromium, every control by mouse,
touch and keyboard.
"""

import gzip
import importlib
import itertools
import json
import re

import numpy as np
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from scripts import store
from tests.conftest import Server
from tests.pages import ROOT, show
from wi_docs.experiments import disk_cache
from wi_docs.experiments.meanfield import fixed_point, trajectory
from wi_docs.experiments.propagation import propagate
from wi_docs.experiments.symmetry import train_units
from wi_docs.experiments.trainability import train_grid
from wi_docs.nn.activations import activation, names
from wi_docs.nn.gains import gain
from wi_docs.pages.explorers import (
    Rounded,
    gradient_decay,
    pack,
    phases,
    recurrences,
    sigmoid_and_tanh,
    symmetry,
    your_activation,
)

NAMES = [job.name for job in store.jobs(["explorers"])]
SCRIPTS = ROOT / "docs" / "assets" / "js" / "explorers"
MOST_DATA, MOST_SCRIPTS = 80_000, 60_000  # bytes, compressed as a server sends them


def unpack(text):
    """Read a file by the description in `pack`, and not by its code."""
    found = json.loads(text)
    for name, entry in found.items():
        if isinstance(entry, dict) and "differences" in entry:
            differences = np.array(entry["differences"], dtype=float).reshape(entry["shape"])
            sums = entry["step"] * np.nancumsum(differences, axis=-1)
            found[name] = np.where(np.isnan(differences), np.nan, sums)
    return found


@pytest.fixture
def remembering():
    """Long experiments as the build ran them."""
    disk_cache.keep_in(store.EXPERIMENTS, store.version)
    yield
    disk_cache.keep_in(None, disk_cache.unversioned)


@pytest.fixture(scope="session")
def data(site):
    """What the build made of every explorer."""
    return {name: unpack((store.find(store.Job("explorers", name)) / f"{name}.json").read_text()) for name in NAMES}


# The data


def test_every_explorer_is_a_figure_and_has_a_script_and_every_script_an_explorer():
    assert set(NAMES) <= {job.name for job in store.jobs(["figures"])}
    assert {path.stem for path in SCRIPTS.glob("*.js")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_packed_is_what_the_experiment_gave_to_within_the_error_stated(name, data, remembering):
    given = importlib.import_module(f"wi_docs.pages.explorers.{name}").data()
    assert given.keys() == data[name].keys()
    for key, value in given.items():
        if isinstance(value, Rounded):
            known = np.isfinite(value.values)
            assert (np.isfinite(data[name][key]) == known).all(), key
            assert np.abs(data[name][key] - value.values)[known].max() <= value.error * (1 + 1e-6), key
        else:
            assert data[name][key] == value, key


@pytest.mark.parametrize("name", NAMES)
def test_data_are_small(site, name):
    file = store.find(store.Job("explorers", name)) / f"{name}.json"
    size = len(gzip.compress(file.read_bytes()))
    assert size <= MOST_DATA, f"explorers/{file.name}: {size} bytes compressed, at most {MOST_DATA}; round more"


def test_scripts_are_small():
    files = [*SCRIPTS.rglob("*.js"), ROOT / "docs" / "assets" / "vendor" / "plot.js"]
    size = sum(len(gzip.compress(path.read_bytes())) for path in files)
    assert size <= MOST_SCRIPTS, f"explorers' scripts: {size} bytes compressed, at most {MOST_SCRIPTS}"


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        (np.array([0.0, 1.0]), 0.0, "error must be greater than 0, got 0.0"),
        (np.array([0.0, np.inf]), 0.1, "x must be finite or missing, got infinite values"),
    ],
)
def test_what_cannot_be_packed_is_refused(values, error, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        pack({"x": Rounded(values, error)})


@pytest.mark.parametrize("span", [0.0, 1.0, 50.7, 50.9, 51.1, 13106.5, 1e9])
def test_packing_keeps_zero_the_ends_and_what_is_missing(span):
    values = np.array([[0.0, np.nan, span], [-0.3, 0.04, np.nan], [np.nan, np.nan, np.nan]])
    found = unpack(pack({"x": Rounded(values, 0.1)}))["x"]
    assert found[0, 0] == 0.0
    assert (np.isnan(found) == np.isnan(values)).all()
    assert np.nanmax(np.abs(found - values)) <= 0.1 * (1 + 1e-6)


@pytest.mark.parametrize("name", names())
def test_slopes_agree_with_the_package_at_every_stop_and_after_any_number_of_layers(name, data):
    found, k, phi = data["sigmoid_and_tanh"], names().index(name), activation(name)
    places = np.array(found["x"])
    for x in np.round(np.arange(-6, 6.001, 0.01), 2):
        at = np.abs(places - x).argmin()  # the first of two, as `nearest` in shared/data.js
        assert abs(found["value"][k][at] - phi.f(x)) <= 1.001e-4
        assert abs(found["slope"][k][at] - phi.df(x)) <= 0.501e-4
    slope = np.abs(phi.df(places[places != np.roll(places, 1)]))
    for layers in range(1, sigmoid_and_tanh.LAYERS):
        left = found["left"][k][places != np.roll(places, 1)] * layers / sigmoid_and_tanh.LAYERS
        seen = slope**layers > 1e-16  # the end of the chart
        assert np.abs(left[seen] - layers * np.log10(slope[seen])).max(initial=0.0) <= 1.001e-2


@pytest.mark.parametrize(("radius", "angle"), [(0.5, 0), (0.83, 17), (1.0, 90), (1.07, 133), (1.3, 180)])
def test_length_and_direction_together_make_every_trajectory_of_the_recurrence(radius, angle, data):
    # The length depends on the radius alone and the direction on the angle alone.
    found, true = data["recurrences"], recurrences.run(radius, angle)
    r, a = found["radii"].index(radius), found["angles"].index(angle)
    turned = np.radians(found["direction"][a])
    seen = 10 ** found["length"][r][:, None] * np.c_[np.cos(turned), np.sin(turned)]
    size = np.linalg.norm(true.states, axis=1, keepdims=True)
    assert (np.abs(seen - true.states) <= size * (5e-4 * np.log(10) + np.radians(0.05)) * 1.01).all()
    assert np.abs(found["gradient"][r] - np.log10(true.gradient_norm)).max() <= 5.1e-4
    assert np.abs(10 ** found["clipped"][r] - np.minimum(true.gradient_norm, 1)).max() <= 1.2e-3


def test_theory_between_the_layers_kept_is_a_straight_line(data):
    found, kept = data["gradient_decay"], gradient_decay.LAYERS
    for phi, weights, biases in (("sigmoid", 1.0, 0.0), ("tanh", 25 / 9, 0.05), ("tanh", 0.5, 0.2), ("relu", 4.0, 0.5)):
        at = found["activations"].index(phi), found["weights"].index(weights), found["biases"].index(biases)
        forward, backward = gradient_decay.theory(phi, weights, biases)
        for name, true in (("forward_theory", forward), ("gradient_theory", backward)):
            line = np.interp(np.arange(1, 101), kept, found[name][at])
            assert np.abs(line - np.log10(true)).max() < 0.02, (phi, name)  # decades; a chart has four or more


@pytest.mark.parametrize(("phi", "weights"), [("sigmoid", 1.0), ("tanh", 25 / 9), ("relu", 2.0)])
def test_a_gradient_on_its_way_through_a_deep_network_is_that_of_a_shallower_one(phi, weights):
    """The explorer cuts one deep network. Over seeds, a network of that depth has the same ratio, within its noise."""
    cut = 20

    def ratio(seed, depth):
        options = {"width": gradient_decay.WIDTH, "batch": gradient_decay.BATCH, "gain": weights**0.5}
        rms = propagate(phi, "lecun_normal", depth=depth, seed=seed, **options).gradient_rms
        return np.log10(rms[0] / rms[cut - 1])

    deep, alone = (np.array([ratio(seed, depth) for seed in range(12)]) for depth in (2 * cut, cut))
    error = np.hypot(deep.std(ddof=1), alone.std(ddof=1)) / 12**0.5
    assert abs(deep.mean() - alone.mean()) < 4 * error
    assert 4 * error < 0.3  # decades


def test_theory_lies_over_the_simulation(data):
    """Within the fluctuations of one network: log rms wanders like the root of depth over width."""
    found = data["gradient_decay"]
    to_30 = found["layers"].index(30) + 1
    for name in ("forward", "gradient"):
        apart = found[name] - found[name + "_theory"]
        apart = (apart - apart[..., to_30 - 1 : to_30] if name == "gradient" else apart)[..., :to_30]
        assert np.median(np.abs(apart)) < 0.1
        assert np.abs(apart).max() < 1.0


def test_twins_never_part_and_noise_parts_the_others(data):
    found = data["symmetry"]
    # (twins, noise, input, unit, look).
    w = found["weights"].reshape(2, len(found["noises"]), 2, found["units"], -1)
    assert (w[1, :, :, 0] == w[1, :, :, 1]).all()
    apart = np.abs(w[0, :, :, 0] - w[0, :, :, 1]).max(axis=(1, 2))
    assert apart[0] == 0
    assert (apart[found["noises"].index(0.01) :] > 0.01).all()
    plain = train_units("constant", "constant", units=symmetry.UNITS, steps=symmetry.STEPS)
    assert np.abs(found["loss"][0, 0] - plain.loss[:: symmetry.EVERY]).max() <= 2.1e-4


@pytest.mark.parametrize(("weights", "biases"), [(1.0, 0.1), (1.8, 0.05), (3.5, 0.05)])
def test_in_the_plane_gradients_and_pairs_of_inputs_do_what_networks_do(weights, biases, data):
    """Finite networks, several seeds: the factor a layer in the later half, where the variance has settled."""
    found, sigma = data["phases"], {"gain": weights**0.5, "sigma_b": biases**0.5}
    at = found["biases"].index(biases), found["weights"].index(weights)
    runs = [propagate("tanh", "lecun_normal", depth=40, width=400, batch=32, seed=seed, **sigma) for seed in range(6)]
    rates = [np.log10(run.gradient_rms[10] / run.gradient_rms[-1]) / 29 for run in runs]
    error = np.std(rates, ddof=1) / len(rates) ** 0.5
    assert abs(np.mean(rates) - found["rate"][at]) < 4 * error + 1e-3
    assert 4 * error < 0.02
    cosines = []
    for run in runs:
        z = run.pre_activations[-1]
        unit = z / np.linalg.norm(z, axis=1, keepdims=True)
        cosines.append(((unit @ unit.T).sum() - len(z)) / (len(z) * (len(z) - 1)))
    # Inputs of normal numbers start at a correlation that is not the explorer's; what both tend to is the same, but for
    # the slow approach at the edge.
    if weights != 1.8:
        assert abs(np.mean(cosines) - found["correlation"][at][-1]) < 0.05


@pytest.mark.parametrize(("weights", "biases"), [(0.5, 0.6), (1.8, 0.05), (4.0, 0.02)])
def test_in_the_plane_pairs_of_inputs_follow_the_map(weights, biases, data):
    """From a variance that has settled the theory follows variance and correlation together, with its own nodes."""
    found, sigma = data["phases"], {"sigma_w": weights**0.5, "sigma_b": biases**0.5}
    q = fixed_point("tanh", **sigma).q_star
    layers = itertools.islice(trajectory("tanh", q=q, correlation=phases.PAIR, **sigma), phases.DEPTH + 1)
    shown = found["correlation"][found["biases"].index(biases), found["weights"].index(weights)]
    # The explorer rounds, and stops where a layer changes by less than 1e-4.
    assert np.abs(shown - [layer.correlation for layer in layers]).max() < 3e-3


@pytest.mark.parametrize(("name", "multiple", "start"), [("relu", 0.8, 1.0), ("gelu", 1.0, 10.0), ("tanh", 1.4, 0.1)])
def test_signals_through_layers_are_those_of_the_theory(name, multiple, start, data):
    """The explorer follows a line between tabulated moments; the theory integrates at each layer."""
    found = data["your_activation"]
    at = found["names"].index(name), found["gains"].index(multiple), found["starts"].index(start)
    layers = trajectory(name, sigma_w=multiple * gain(name), q=start)
    true = np.log10([layer.q for layer in itertools.islice(layers, your_activation.DEPTH + 1)])
    known = np.isfinite(found["paths"][at])
    assert known.sum() > 20
    assert np.abs(found["paths"][at] - true)[known].max() < 0.05  # decades; the chart has nine


def test_the_map_is_that_of_the_figure(data, remembering):
    assert np.abs(data["trainable_depth"]["accuracy"][..., -1] - train_grid("tanh")).max() <= 1.1e-3


# In Chromium


def page_of(name):
    found = next(p.stem for p in (ROOT / "docs").glob("*.md") if f"[[figure: {name}]]" in p.read_text())
    return "" if found == "index" else f"{found}/"


class Explorer:
    """An explorer in a page, as a reader has it."""

    def __init__(self, browser, address, name, query="", *, width=1280, scheme="light", live=True):
        self.browser, self.name = browser, name
        self.id = f"figure-{name.replace('_', '-')}"
        browser.get("about:blank")
        browser.get_log("browser")
        show(browser, f"{address}{page_of(name)}{query}#{self.id}", width, scheme)
        self.figure = browser.find_element(By.ID, self.id)
        if live:
            self.wait(lambda: "wi-live" in self.figure.get_attribute("class"))
            self.settle()

    def wait(self, condition):
        WebDriverWait(self.browser, 10, 0.02).until(lambda _: condition())

    def settle(self):
        """Let a frame be painted, the words follow in the next, and that be painted too."""
        self.browser.execute_async_script(
            "requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(arguments[0])))"
        )

    def all(self, selector):
        return self.figure.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.figure.find_element(By.CSS_SELECTOR, selector)

    @property
    def said(self):
        self.settle()
        return self.one(".wi-explorer__said").get_attribute("textContent")

    @property
    def state(self):
        """What every control shows."""
        self.settle()
        return self.browser.execute_script(
            "return Object.fromEntries([...arguments[0].querySelectorAll('[data-control]')].map("
            "e => [e.dataset.control, e.type === 'checkbox' ? e.checked : e.value]))",
            self.figure,
        )

    def pictures(self):
        """What the charts' axes show, and what the sheet over them does."""
        self.settle()
        return self.browser.execute_script(
            "return [...arguments[0].querySelectorAll('canvas')].map(c => c.toDataURL())", self.figure
        )

    def errors(self):
        return [entry for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"]


@pytest.fixture
def opened(browser, address):
    def start(name, query="", **options):
        return Explorer(browser, address, name, query, **options)

    return start


def test_explorers_are_loaded_near_the_screen_and_nowhere_else(browser, address):
    def heavy():
        return [name for name in Server.asked if "/explorers/" in name or "plot.js" in name]

    for page in ("glossary/", "which-gain/", "ledger/", "vanishing-gradients/"):
        browser.get("about:blank")  # the page of the test before may still be asking for its own
        Server.asked.clear()
        show(browser, address + page, 1280)
        desktop = {"width": 1350, "height": 940, "deviceScaleFactor": 1, "mobile": False}  # Lighthouse's
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", desktop)
        browser.execute_async_script("setTimeout(arguments[0], 500)")
        assert any(page in name for name in Server.asked)
        assert heavy() == [], page
    browser.execute_script("document.querySelector('[data-wi-explorer]').scrollIntoView()")
    WebDriverWait(browser, 10).until(lambda b: b.find_elements(By.CSS_SELECTOR, ".wi-live"))
    assert {name.rpartition("/")[2] for name in heavy()} >= {"explorer.js", "plot.js", "sigmoid_and_tanh.json"}


@pytest.mark.parametrize("name", NAMES)
def test_the_page_reads_the_numbers_that_were_packed(opened, browser, data, name):
    opened(name)
    arrays = {key: value for key, value in data[name].items() if isinstance(value, np.ndarray)}
    read = browser.execute_async_script(
        "(async (name, keys, done) => {"
        "const code = document.querySelector('[src$=\"js/code.js\"]').src;"
        "const { load } = await import(new URL('explorers/shared/data.js', code));"
        "const found = await load(name);"
        "const flat = (grid, at) => at.length + 1 === grid.shape.length ? [...grid.row(...at)]"
        " : Array.from({ length: grid.shape[at.length] }, (_, k) => flat(grid, [...at, k])).flat();"
        "done(keys.map(key => flat(found[key], []).map(v => Number.isNaN(v) ? null : v))) })(...arguments)",
        name,
        list(arrays),
    )
    for key, values in zip(arrays, read, strict=True):
        seen = np.array(values, dtype=float)
        assert (np.isnan(seen) == np.isnan(arrays[key].ravel())).all(), key
        assert np.nanmax(np.abs(seen - arrays[key].ravel())) < 1e-9, key


@pytest.mark.parametrize("name", NAMES)
def test_every_control_obeys_the_keyboard_and_is_in_the_address(opened, browser, name):
    e = opened(name)
    controls = e.all("[data-control]")
    for control in controls:
        which, before, words, drawn = control.get_attribute("data-control"), e.state, e.said, e.pictures()
        assert control.accessible_name
        key = Keys.SPACE if control.get_attribute("type") == "checkbox" else Keys.ARROW_RIGHT
        if control.get_attribute("max") == control.get_attribute("value") and key != Keys.SPACE:
            key = Keys.ARROW_LEFT
        if control.tag_name == "select":
            key = Keys.ARROW_DOWN
        control.send_keys(key)
        assert {k for k in before if e.state[k] != before[k]} == {which}
        assert (e.said, e.pictures()) != (words, drawn), which
        assert e.pictures() != drawn, which
        e.wait(lambda which=which: f"{name}.{which}=" in browser.current_url)
    e.wait(lambda: e.one(".wi-explorer__status").get_attribute("textContent") == e.said)
    there = browser.current_url
    words, state, drawn = e.said, e.state, e.pictures()
    browser.get("about:blank")
    browser.get(there)
    again = Explorer(
        browser,
        there.partition("?")[0].removesuffix(page_of(name)),
        name,
        "?" + there.partition("?")[2].partition("#")[0],
    )
    assert (again.said, again.state) == (words, state)
    assert again.pictures() == drawn  # nothing that was drawn before has stayed
    again.one("[data-reset]").click()
    again.wait(lambda: f"{name}." not in browser.current_url)
    assert again.state == opened(name).state
    assert e.errors() == []


@pytest.mark.parametrize("name", NAMES)
def test_every_slider_takes_typed_numbers_and_leaves_nonsense(opened, name):
    e = opened(name)
    for typed in e.all("[data-typed]"):
        slider = e.one(f"[data-control={typed.get_attribute('data-typed')}]")
        assert typed.accessible_name == slider.accessible_name + ", as a number"
        last = int(slider.get_attribute("max"))
        for words, stop in (("-1e9", 0), ("1e9", last), ("nonsense", last), ("", last), ("1e400", last), ("-1e400", 0)):
            typed.send_keys(Keys.CONTROL + "a")
            typed.send_keys(words or Keys.DELETE, Keys.ENTER)
            e.settle()
            assert int(slider.get_property("value")) == stop, words
            assert re.fullmatch(r"−?[\d.]+", typed.get_property("value"))
        typed.send_keys(Keys.ARROW_UP)
        e.settle()
        assert int(slider.get_property("value")) == 1
    assert e.errors() == []


@pytest.mark.parametrize("name", NAMES)
def test_every_slider_obeys_the_mouse_and_the_finger(opened, browser, name):
    for width in (1280, 390):
        e = opened(name, width=width)
        browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": width == 390, "maxTouchPoints": 1})
        for slider in e.all("[type=range]"):
            browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", slider)
            box = browser.execute_script("return arguments[0].getBoundingClientRect().toJSON()", slider)
            assert box["height"] >= 44
            for part in (0.85, 0.15):
                before = slider.get_property("value")
                press(browser, [(box["x"] + part * box["width"], box["y"] + box["height"] / 2)], touch=width == 390)
                e.settle()
                assert slider.get_property("value") != before, (width, part)
        browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
        assert e.errors() == []


def press(browser, way, *, touch):
    """Press at the first place, go through the others, and let go."""
    if touch:
        kinds = ["touchStart"] + ["touchMove"] * (len(way) - 1)
        for kind, (x, y) in zip(kinds, way, strict=True):
            browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        return
    x, y = way[0]
    for kind, (x, y) in [
        ("mousePressed", way[0]),
        *(("mouseMoved", place) for place in way[1:]),
        ("mouseReleased", way[-1]),
    ]:
        browser.execute_cdp_cmd(
            "Input.dispatchMouseEvent",
            {"type": kind, "x": x, "y": y, "button": "left", "buttons": int(kind != "mouseReleased"), "clickCount": 1},
        )


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "finger"])
@pytest.mark.parametrize("name", NAMES)
def test_a_chart_can_be_dragged(opened, browser, name, touch):
    e = opened(name, width=390 if touch else 1280)
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": touch, "maxTouchPoints": 1})
    answered = 0
    for tab, chart in zip(e.all("[data-panel]"), e.all(".u-over"), strict=True):
        if tab.is_displayed():  # one panel at a time
            tab.click()
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", chart)
        box = browser.execute_script("return arguments[0].getBoundingClientRect().toJSON()", chart)
        way = [
            (box["x"] + part * box["width"], box["y"] + (0.25 + 0.1 * part) * box["height"])
            for part in (0.2, 0.5, 0.75)
        ]
        before = e.state
        press(browser, way[:1], touch=touch)
        pressed = e.state
        press(browser, way, touch=touch)
        answered += len({str(before), str(pressed), str(e.state)}) == 3
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    assert answered >= 1
    assert e.errors() == []


def test_a_finger_that_set_out_sideways_moves_the_eigenvalue_up_and_down_and_not_the_page(opened, browser):
    e = opened("recurrences", width=390)
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 1})
    plane = e.one(".u-over")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", plane)
    box = browser.execute_script("return arguments[0].getBoundingClientRect().toJSON()", plane)
    at = browser.execute_script("return scrollY")
    x, middle = box["x"] + 0.55 * box["width"], box["y"] + box["height"] / 2
    aside = [(x - 30, middle), (x - 15, middle), (x, middle)]
    press(browser, aside + [(x, middle - part * box["height"]) for part in (0.1, 0.2, 0.3)], touch=True)
    far = e.state
    press(browser, aside + [(x, middle - part * box["height"]) for part in (0.05, 0.1)], touch=True)
    assert float(far["radius"]) > float(e.state["radius"])
    assert browser.execute_script("return scrollY") == at
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


@pytest.mark.parametrize("name", NAMES)
def test_a_finger_that_scrolls_past_changes_nothing(opened, browser, name):
    e = opened(name, width=390)
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 1})
    start = e.state
    for target in filter(lambda target: target.is_displayed(), e.all(".u-over, [type=range]")):
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", target)
        box = browser.execute_script("return arguments[0].getBoundingClientRect().toJSON()", target)
        before = browser.execute_script("return scrollY")
        x, y = box["x"] + 0.7 * box["width"], box["y"] + box["height"] / 2
        press(browser, [(x, y - 12 * k) for k in range(16)], touch=True)
        assert browser.execute_script("return scrollY") > before + 60, "the page has scrolled"
        assert e.state == start
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    assert e.errors() == []


@pytest.mark.parametrize(
    ("width", "height"), [(390, 664), (844, 390), (640, 450)], ids=["phone", "on its side", "200 %"]
)
@pytest.mark.parametrize("name", NAMES)
def test_a_chart_and_what_moves_it_are_on_the_screen_together(opened, browser, name, width, height):
    e = opened(name, width=width)
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    for tab in e.all("[data-panel]"):
        tab.click()
        browser.execute_script(
            "arguments[0].scrollIntoView({block: 'end', behavior: 'instant'})", e.one(".wi-explorer")
        )
        e.settle()
        shown = [chart for chart in e.all(".u-over") if chart.is_displayed()]
        assert len(shown) == 1
        for target in (*shown, e.one("[type=range]")):
            box = browser.execute_script("return arguments[0].getBoundingClientRect().toJSON()", target)
            assert box["top"] >= 48, "under the header"
            assert box["bottom"] <= height
        assert shown[0].size["height"] > 100


@pytest.mark.parametrize("name", NAMES)
def test_what_is_proposed_changes_what_is_seen(opened, name):
    e = opened(name)
    for button in e.all("[data-preset]"):
        before = e.state
        button.click()
        assert e.state != before, button.text


def test_an_explorer_whose_script_does_not_come_leaves_no_blank(opened, browser):
    Server.lost.add("explorer.js")
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": True})
    try:
        e = opened("one_number", live=False)
        e.wait(lambda: "wi-failed" in e.figure.get_attribute("class"))
        drawing, picture = e.one(".wi-figure__drawing"), e.one(".wi-figure__drawing svg")
        assert drawing.size["height"] < picture.size["height"] + 20
    finally:
        Server.lost.clear()
        browser.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": False})


def test_no_dot_is_drawn_outside_the_plot(browser, address):
    show(browser, address + "vanishing-gradients/", 1280)
    drawn = browser.execute_async_script(
        """
        const [chart, done] = arguments
        import(chart).then(({ Painter }) => {
          const drawn = [], context = { beginPath() {}, moveTo() {}, fill() {}, arc: (x, y) => drawn.push([x, y]) }
          const scales = { x: { min: 0, max: 1 }, y: { min: 0, max: 1 } }
          const plot = { scales, bbox: { left: 0, top: 0, width: 100, height: 100 } }
          new Painter(plot, context, 10, 20).dots([0.5, 0.5, 0.5, 0.25], [-0.1, 1.1, NaN, 0.75], "blue")
          done(drawn)
        })
        """,
        f"{address}assets/js/explorers/shared/chart.js",
    )
    assert drawn == [[35, 45]]


@pytest.mark.parametrize("name", NAMES)
def test_an_address_that_makes_no_sense_does_no_harm(opened, name):
    e = opened(name)
    start, said = e.state, e.said
    for word in ("", "nonsense", "NaN", "%3Cscript%3Ealert(1)%3C/script%3E", "%E0%A4%A", "9e9,9"):
        odd = opened(name, "?" + "&".join(f"{name}.{which}={word}" for which in [*start, "unknown"]))
        assert (odd.state, odd.said) == (start, said), word
    far = opened(name, "?" + "&".join(f"{name}.{which}=1e999" for which in start))
    for slider in far.all("[type=range]"):
        assert slider.get_property("value") == slider.get_attribute("max")
    assert far.errors() == []


@pytest.mark.parametrize("lost", ["{name}.json", "{name}.js"])
@pytest.mark.parametrize("name", NAMES)
def test_when_data_do_not_come_the_still_picture_stays_and_one_can_try_again(opened, browser, name, lost):
    Server.asked.clear()
    Server.lost.add(lost.format(name=name))
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": True})
    try:
        e = opened(name, live=False)
        e.wait(lambda: e.all(".wi-explorer__failed"))
        assert e.one(".wi-figure__drawing svg").is_displayed()
        assert e.all(".wi-explorer") == []
        e.one(".wi-explorer__failed button").click()
        e.wait(lambda: e.all(".wi-explorer__failed"))
        Server.lost.clear()
        e.one(".wi-explorer__failed button").click()
        e.wait(lambda: e.all(".wi-explorer"))
    finally:
        Server.lost.clear()
        browser.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": False})
    assert e.all(".wi-explorer__failed") == []
    # Some browsers keep a module that failed, by its address: each time it is asked for by another.
    script = f"/assets/js/explorers/{name}.js"
    assert [path for path in Server.asked if script in path] == [script, f"{script}?1", f"{script}?2"]
    assert not e.one(".wi-figure__drawing svg").is_displayed()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_jumps_and_everything_fits(browser, address, name, width):
    # Fonts may move a page while it opens; what counts is what the explorer does when it comes alive in sight.
    show(browser, f"{address}{page_of(name)}?top", width)
    if not page_of(name):  # in sight at once on a screen, so that the window is lower there
        low = {"width": width, "height": 400, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", low)
        browser.refresh()
    browser.execute_async_script("document.fonts.ready.then(() => setTimeout(arguments[0], 300))")
    e = Explorer.__new__(Explorer)
    e.browser, e.name, e.figure = browser, name, browser.find_element(By.CSS_SELECTOR, f"[data-wi-explorer={name}]")
    assert "wi-live" not in e.figure.get_attribute("class")
    browser.execute_script(
        "window.shift = 0;"
        "new PerformanceObserver(list => { for (const s of list.getEntries()) window.shift += s.value })"
        ".observe({ type: 'layout-shift' }); arguments[0].scrollIntoView({ behavior: 'instant' })",
        e.figure,
    )
    e.wait(lambda: "wi-live" in e.figure.get_attribute("class"))
    # The browser tells of shifts when it has time.
    assert browser.execute_async_script("setTimeout(() => arguments[0](window.shift), 300)") == 0
    # It hides one by scrolling with it, which is none the less a jump.
    assert abs(browser.execute_script("return arguments[0].getBoundingClientRect().top", e.figure)) < 1
    height = browser.execute_script("return arguments[0].getBoundingClientRect().height", e.one(".wi-explorer"))
    tight = browser.execute_async_script(
        "(async (figure, done) => { const found = [], said = figure.querySelector('.wi-explorer__said');"
        "const put = async (control, change) => {"
        " change(); control.dispatchEvent(new Event('input', { bubbles: true }));"
        " for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);"
        " if (said.scrollHeight > said.clientHeight + 1) found.push(said.textContent) };"
        "for (const control of figure.querySelectorAll('[data-control]')) {"
        " if (control.type === 'checkbox') await put(control, () => control.checked = !control.checked);"
        " else for (const value of"
        "  control.options ? [...control.options].map(o => o.value) : [control.min, control.max])"
        "  await put(control, () => control.value = value) }"
        "done(found) })(...arguments)",
        e.figure,
    )
    assert tight == []
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    # On a phone what is proposed is one row, which scrolls sideways.
    inside = browser.execute_script(
        "const box = arguments[0].getBoundingClientRect();"
        " return [...arguments[0].querySelectorAll(':not([data-preset])')]"
        ".filter(c => { const r = c.getBoundingClientRect();"
        " return r.width > 1 && (r.right > box.right + 1 || r.left < box.left - 1 || r.bottom > box.bottom + 1) })"
        ".map(c => c.outerHTML.slice(0, 90))",
        e.one(".wi-explorer"),
    )
    assert inside == []
    # As `--wi-live` in the style sheet says for a window of 844 or 900 pixels, and of 400 at home.
    assert height == ({390: 780, 1280: 720} if page_of(name) else {390: 580, 1280: 332})[width]


@pytest.mark.parametrize("name", NAMES)
def test_the_still_picture_is_printed_and_can_be_had_on_the_screen(opened, browser, name):
    e = opened(name)
    svg = e.one(".wi-figure__drawing svg")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert svg.is_displayed()
    assert not e.one(".wi-explorer").is_displayed()
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert not svg.is_displayed()
    e.one("[data-still]").click()
    assert svg.is_displayed()
    e.one("[data-still]").click()
    assert not svg.is_displayed()


def test_words_follow_a_hand_that_does_not_rest(opened, browser):
    e = opened("sigmoid_and_tanh")
    seen = browser.execute_async_script(
        "(async (figure, done) => { const slider = figure.querySelector('[type=range]'), seen = new Set();"
        "const watched = ['.wi-explorer__panel[data-wide] b', '.wi-explorer__said'].map(s => figure.querySelector(s));"
        "for (const began = performance.now(); performance.now() < began + 1500;) {"
        " slider.value = 300 + slider.value % 300 + 1; slider.dispatchEvent(new Event('input', { bubbles: true }));"
        " await new Promise(requestAnimationFrame); seen.add(watched.map(w => w.textContent).join()) }"
        "done([...seen]) })(...arguments)",
        e.figure,
    )
    assert 3 <= len(seen) <= 6  # what was there, and anew every 0.4 s; it need not be read sixty times a second
    e.settle()
    title = re.search(r"slope at (\S+)$", e.one(".wi-explorer__panel[data-wide] b").get_attribute("textContent"))[1]
    assert f"at {title}:" in e.said
    assert e.one("[data-typed=x]").get_property("value") == title


@pytest.mark.parametrize("name", NAMES)
def test_charts_follow_the_palette(opened, browser, name):
    e = opened(name)
    light = e.pictures()
    browser.execute_script("document.body.setAttribute('data-md-color-scheme', 'slate')")
    assert all(a != b for a, b in zip(light, e.pictures(), strict=True))
    browser.execute_script("document.body.setAttribute('data-md-color-scheme', 'default')")
    assert e.pictures() == light


@pytest.mark.parametrize("name", NAMES)
def test_play_runs_to_the_end_and_stops_and_jumps_where_motion_is_not_wanted(opened, browser, name):
    e = opened(name)
    if not e.all("[data-play]"):
        # Nothing in them goes by itself.
        assert name in ("sigmoid_and_tanh", "gradient_decay", "optimizer_map")
        return
    button = e.one("[data-play]")
    button.click()
    e.wait(lambda: button.text == "Pause")
    first = e.said
    e.wait(lambda: e.said != first)
    button.click()
    assert button.text == "Play"
    stopped = e.said
    assert e.said == stopped
    slider = e.one(f"[data-control={button.get_attribute('data-play')}]")
    assert slider.get_property("value") != slider.get_attribute("max")
    media = {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    button.click()
    assert button.text == "Play"
    e.settle()
    assert slider.get_property("value") == slider.get_attribute("max")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
