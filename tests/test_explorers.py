"""Explorers: the data that they carry, against the package; and in Chromium, every control by mouse, touch and keyboard."""

import gzip
import importlib
import json
import re
import struct

import numpy as np
import pytest

from scripts import store
from tests.pages import ROOT
from wi_docs.activations import activation, names
from wi_docs.explorers import Rounded, pack, sigmoid_and_tanh

NAMES = [job.name for job in store.jobs(["explorers"])]
SCRIPTS = ROOT / "docs" / "assets" / "js" / "explorers"


def unpack(file):
    """Read a file by the description in `pack`, and not by its code."""
    raw = gzip.decompress(file)
    (length,) = struct.unpack("<I", raw[:4])
    header, at = json.loads(raw[4 : 4 + length]), 4 + length
    found = header["plain"]
    for name, entry in header["arrays"].items():
        shape, size = entry["shape"], entry["bytes"]
        count = int(np.prod(shape))
        planes = [np.frombuffer(raw, np.uint8, count, at + k * count).astype(int) for k in range(size)]
        n = sum(plane << 8 * k for k, plane in enumerate(planes)).reshape(shape)
        n = np.cumsum(n, axis=-1) % 256**size
        found[name] = np.where(n == 256**size - 1, np.nan, entry["offset"] + entry["step"] * n)
        at += size * count
    assert at == len(raw)
    return found


@pytest.fixture(scope="session")
def data():
    """What the build made of every explorer."""
    return {name: unpack((store.find(store.Job("explorers", name)) / f"{name}.bin").read_bytes()) for name in NAMES}


# The data


def test_every_explorer_is_a_figure_and_has_a_script_and_every_script_an_explorer():
    assert set(NAMES) <= {job.name for job in store.jobs(["figures"])}
    assert {path.stem for path in SCRIPTS.glob("*.js")} - {"shared"} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_packed_is_what_the_experiment_gave_to_within_the_error_stated(name, data):
    given = importlib.import_module(f"wi_docs.explorers.{name}").data()
    assert given.keys() == data[name].keys()
    for key, value in given.items():
        if isinstance(value, Rounded):
            known = np.isfinite(value.values)
            assert (np.isfinite(data[name][key]) == known).all(), key
            assert np.abs(data[name][key] - value.values)[known].max() <= value.error * (1 + 1e-6), key
        else:
            assert data[name][key] == value, key


@pytest.mark.parametrize("name", NAMES)
def test_data_are_small(name):
    assert (store.find(store.Job("explorers", name)) / f"{name}.bin").stat().st_size <= 80_000


def test_scripts_are_small():
    files = [*SCRIPTS.glob("*.js"), ROOT / "docs" / "assets" / "vendor" / "plot.js"]
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) <= 60_000


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        (np.array([0.0, 1.0]), 0.0, "error must be greater than 0, got 0.0"),
        (np.array([0.0, np.inf]), 0.1, "x must be finite or missing, got infinite values"),
        (np.array([0.0, 1e6]), 0.1, "x: two bytes hold 65535 steps, and an error of 0.1 needs 5e+06"),
        (np.array([np.nan, np.nan]), 0.1, "x has no number in it"),
    ],
)
def test_what_cannot_be_packed_is_refused(values, error, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        pack({"x": Rounded(values, error)})


@pytest.mark.parametrize("span", [0.0, 1.0, 50.7, 50.9, 51.1, 13106.5])
def test_packing_keeps_zero_the_ends_and_what_is_missing(span):
    values = np.array([[0.0, np.nan, span], [-0.3, 0.04, np.nan]])
    found = unpack(pack({"x": Rounded(values, 0.1)}))["x"]
    assert found[0, 0] == 0.0
    assert (np.isnan(found) == np.isnan(values)).all()
    assert np.nanmax(np.abs(found - values)) <= 0.1 * (1 + 1e-6)


@pytest.mark.parametrize("name", names())
def test_slopes_agree_with_the_package_at_every_stop_and_after_any_number_of_layers(name, data):
    found, k, phi = data["sigmoid_and_tanh"], names().index(name), activation(name)
    places = np.array(found["x"])
    for x in np.round(np.arange(-6, 6.001, 0.01), 2):
        at = np.abs(places - x).argmin()  # the first of two, as in shared.js
        assert abs(found["value"][k][at] - phi.f(x)) <= 1.001e-4
        assert abs(found["slope"][k][at] - phi.df(x)) <= 0.501e-4
    slope = np.abs(phi.df(places[places != np.roll(places, 1)]))
    for layers in range(1, sigmoid_and_tanh.LAYERS):
        left = found["left"][k][places != np.roll(places, 1)] * layers / sigmoid_and_tanh.LAYERS
        seen = slope**layers > 1e-16  # the end of the chart
        assert np.abs(left[seen] - layers * np.log10(slope[seen])).max(initial=0.0) <= 1.001e-2
