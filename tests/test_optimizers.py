"""Training by several optimizers, against the other loop and by hand; and the stored trainings, a part of them anew."""

import dataclasses
import datetime
import json
import math
import random

import numpy as np
import pytest

from wi_docs.experiments import optimizers, stored, tournament
from wi_docs.experiments.digits import load
from wi_docs.experiments.optimizers import BESIDE_MUON, Momentum, orthogonalized, quick, scaled, train_by
from wi_docs.experiments.training import train_stack
from wi_docs.nn.activations import activation
from wi_docs.nn.network import cross_entropy, stack

TODAY = datetime.date.today().toordinal()  # each day another part of the stored trainings is looked at


def nets(count=3, phi="relu", depth=4):
    return stack([scaled(phi, depth, 1.41, seed) for seed in range(count)])


@pytest.mark.parametrize(("optimizer", "rate"), [("sgd", 0.03), ("adam", 0.003)])
def test_it_trains_as_the_other_loop_does(optimizer, rate):
    """The third network explodes with plain descent: it is dropped here, and muted there."""
    rates, seeds = [rate, 2 * rate, 300 * rate], [0, 1, 2]
    ours = train_by(nets(), optimizer=optimizer, rates=rates, seeds=seeds, steps=60)
    theirs = train_stack(nets(), optimizer=optimizer, rates=rates, seeds=seeds, steps=60, looks=2, record="accuracy")
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.exploded == (other.exploded_at is not None)
        if not mine.exploded:
            assert mine.test == pytest.approx(other.accuracy[-1], abs=1 / 299)
            assert mine.valid == pytest.approx(other.valid_accuracy, abs=1 / 299)


def test_momentum_adds_up_a_geometric_series():
    w = np.zeros(1)
    heavy = Momentum([w], 0.9)
    for _ in range(50):
        heavy.step([np.ones(1)], [1.0])
    # step k has the size (1 - 0.9^k) / 0.1
    assert -w[0] == pytest.approx(sum((1 - 0.9**k) / 0.1 for k in range(1, 51)))


@pytest.mark.parametrize("shape", [(20, 20), (30, 20), (20, 30)])
def test_orthogonalized_keeps_the_directions_and_evens_out_their_sizes(shape):
    rng = np.random.default_rng(0)
    (left, _), (right, _) = (np.linalg.qr(rng.standard_normal((n, 20))) for n in shape)
    sizes = np.geomspace(0.02, 1, 20)
    found = left.T @ orthogonalized(left * sizes @ right.T) @ right
    assert np.abs(found - np.diag(np.diag(found))).max() < 1e-12
    assert 0.68 < np.diag(found).min() < np.diag(found).max() < 1.14


def test_muon_moves_hidden_matrices_by_the_rate_and_the_others_as_adam_does():
    (muon, _), (adam, _) = (first_step(optimizer=name, rate=BESIDE_MUON) for name in ("muon", "adam"))
    for hidden in muon[1:-1]:
        largest = np.linalg.norm(hidden, 2, axis=(1, 2)) / BESIDE_MUON
        assert largest.min() > 0.68
        assert largest.max() < 1.21  # the largest value of the iteration is 1.202
    for place in (0, -1):
        np.testing.assert_array_equal(muon[place], adam[place])
    twice, _ = first_step(optimizer="muon", rate=2 * BESIDE_MUON)
    np.testing.assert_allclose(twice[1], 2 * muon[1], rtol=1e-9, atol=1e-15)
    np.testing.assert_array_equal(twice[0], muon[0])  # Adam has a rate of its own


def first_step(*, optimizer="sgd", rate=0.1, **options):
    both = nets(2)
    before = [W.copy() for W in both.W]
    train_by(both, optimizer=optimizer, rates=[rate, rate], seeds=[0, 0], steps=1, **options)
    return [after - W for after, W in zip(both.W, before, strict=True)], before


def test_clipping_bounds_the_norm_of_each_network_and_keeps_the_direction():
    free, _ = first_step()
    clipped, _ = first_step(clip=0.01)
    both = nets(2)
    data = load()
    drawn = np.stack([np.random.default_rng(0).integers(len(data.train_x), size=(1, 32))[0]] * 2)
    run = both.forward(data.train_x[drawn])
    grad = both.backward(run, cross_entropy(run.output, data.train_y[drawn])[1])
    for network in range(2):
        norm = math.sqrt(sum((g[network] ** 2).sum() for g in (*grad.W, *grad.b)))
        for a, b in zip(free, clipped, strict=True):
            np.testing.assert_allclose(b[network], a[network] * 0.01 / norm, rtol=1e-9, atol=1e-15)  # a difference


def test_warm_up_and_a_factor_multiply_the_first_step():
    free, _ = first_step()
    for options, factor in (({"warmup": 4}, 0.25), ({"times": 3.0}, 3.0)):
        changed, _ = first_step(**options)
        np.testing.assert_allclose(changed[0], factor * free[0], rtol=1e-9, atol=1e-15)


def test_decay_is_beside_the_gradients_step():
    free, before = first_step()
    decayed, _ = first_step(decay=0.5)
    for a, b, W in zip(free, decayed, before, strict=True):
        np.testing.assert_allclose(b - a, -0.1 * 0.5 * W, rtol=1e-9, atol=1e-15)


def test_the_table_of_gelu_is_near_the_function():
    x = np.random.default_rng(0).uniform(-12, 12, (300, 300))
    assert np.abs(quick("gelu").f(x) - activation("gelu").f(x)).max() < 2e-7
    assert np.abs(quick("gelu").df(x) - activation("gelu").df(x)).max() < 2e-7


def test_a_mirrored_start_is_a_linear_network():
    net = tournament.start(tournament.Network("relu", 20), "mirrored orthogonal", 0)
    x = np.random.default_rng(0).standard_normal((5, 64))
    # f is linear: odd, and additive.
    out = net.forward(x).output
    np.testing.assert_allclose(net.forward(-x).output, -out, atol=1e-12)
    np.testing.assert_allclose(net.forward(x[:1] + x[1:2]).output, out[:1] + out[1:2], atol=1e-12)


@pytest.mark.parametrize("network", tournament.NETWORKS, ids=lambda network: network.name)
def test_each_start_gives_a_signal(network):
    x = load().valid_x
    for scheme in tournament.candidates(network):
        net = tournament.start(network, scheme, 0)
        assert all(np.isfinite(W).all() for W in net.W), scheme
        assert np.isfinite(net.forward(x).output).all(), scheme


@pytest.mark.parametrize("name", ["tournament", "optimizers", "frameworks", "diagnosis", "diagnosis_trials"])
def test_stored_measurements_say_what_made_them_and_are_whole(name, monkeypatch):
    record = stored.read(name)
    assert record["source"].endswith("free to use (CC0)")
    assert "python" in record.get("versions", record.get("made with"))
    changed = json.loads(json.dumps(record))
    changed |= {"source": "another"}
    monkeypatch.setattr(stored.json, "loads", lambda text: changed)
    stored.read.cache_clear()
    with pytest.raises(ValueError, match="its digest is another one"):
        stored.read(name)
    monkeypatch.undo()
    stored.read.cache_clear()


def test_the_tournament_has_every_network_and_scheme():
    for (network, optimizer), rows in tournament.kinds().items():
        assert [row["scheme"] for row in rows] == list(tournament.candidates(network)), (network.name, optimizer)
        for row in rows:
            assert len(row["test"]) == len(tournament.COUNTING)
            assert row["rate"] == tournament.RATES[optimizer][int(np.argmax(row["valid"]))]


def test_a_row_of_the_tournament_is_as_stored():
    """A random row of the day, with other rounding on another machine: within the noise of five networks."""
    row = random.Random(TODAY).choice(stored.load("tournament")["rows"])
    network = tournament.Network(*(row[field.name] for field in dataclasses.fields(tournament.Network)))
    runs = [(row["scheme"], row["rate"], seed) for seed in tournament.COUNTING]
    again = [end.test for end in tournament.finishes(network, row["optimizer"], runs)]
    error = math.hypot(np.std(again, ddof=1), np.std(row["test"], ddof=1)) / len(again) ** 0.5
    assert np.mean(again) == pytest.approx(np.mean(row["test"]), abs=max(4 * error, 0.03)), row


def test_a_cell_of_the_map_is_as_stored():
    chance = random.Random(TODAY)
    phi, optimizer = chance.choice(optimizers.ACTIVATIONS), chance.choice(list(optimizers.RATES))
    tests, rates = optimizers.stored_map(phi, 5, optimizer)
    s, r = chance.randrange(len(optimizers.SCALES)), chance.randrange(len(rates))
    again = optimizers.train_scaled(
        phi, 5, optimizers.SCALES[s], optimizer=optimizer, rate=rates[r], seeds=optimizers.SEEDS
    )
    np.testing.assert_allclose(again, tests[s, r], atol=0.1)


def test_unbeaten_are_those_within_the_noise():
    def row(scheme, *tests):
        return {"scheme": scheme, "test": tests}

    best, near, noisy, far = (
        row("best", 0.90, 0.91, 0.90, 0.91, 0.90),
        row("near", 0.895, 0.90, 0.90, 0.90, 0.895),  # less than a point
        row("noisy", 0.95, 0.75, 0.93, 0.78, 0.90),  # four points, with a standard error of four
        row("far", 0.85, 0.86, 0.85, 0.86, 0.85),
    )
    assert [r["scheme"] for r in tournament.unbeaten([far, noisy, near, best])] == ["best", "near", "noisy"]
