"""A simulation's columns against loops over units and inputs, and networks that are built as they are described."""

import itertools
import math

import numpy as np
import pytest

from wi_docs.diagnosis.networks import Spec, build, diagnose, simulate
from wi_docs.diagnosis.simulate import _log_lengths, _measure, _spread, alike, filled, given, twins

W1, W2, W3 = (np.random.default_rng(seed).standard_normal(shape) for seed, shape in enumerate([(3, 4), (4, 4), (4, 2)]))
B1, B2, B3 = np.array([0.1, -0.2, 0.3, 0.0]), np.array([0.5, 0.0, -0.5, 0.2]), np.array([0.3, -0.1])
X = np.random.default_rng(5).standard_normal((6, 3))
COTANGENT = np.random.default_rng(6).standard_normal((6, 2))


def normalized(a):
    return (a - a.mean(axis=1, keepdims=True)) / a.std(axis=1, keepdims=True)


def outputs(x, normalization="none", steps=()):
    """The outputs of the three layers; `steps` are added to a layer's, to take differences by."""
    found = []
    for k, (W, b) in enumerate(((W1, B1), (W2, B2), (W3, B3))):
        z = x @ W + b
        x = z if k == 2 else np.tanh(normalized(z) if normalization == "before" else z)
        x = normalized(x) if normalization == "after" and k < 2 else x
        x = x + dict(steps).get(k, 0.0)
        found.append(x)
    return found


def root_mean_square(a):
    return math.sqrt(sum(float(v) ** 2 for v in a.ravel()) / a.size)


def mean_cosine(a):
    pairs = list(itertools.combinations(a, 2))
    return sum(float(u @ v) / math.sqrt(float(u @ u) * float(v @ v)) for u, v in pairs) / len(pairs)


def gradient(place, size, normalization):
    """The derivative of the output times the cotangent by a layer's output, by differences; -1 is the input."""
    found = np.zeros(size)
    for index in np.ndindex(size):
        step = np.zeros(size)
        step[index] = 1e-6
        sides = [
            outputs(X + sign * step if place < 0 else X, normalization, [(place, sign * step)])[-1] for sign in (1, -1)
        ]
        found[index] = float(((sides[0] - sides[1]) * COTANGENT).sum()) / 2e-6
    return math.sqrt(float((found**2).sum()))


@pytest.mark.parametrize("normalization", ["none", "before", "after"])
def test_each_column_is_what_it_says(normalization):
    spec = Spec((3, 4, 4, 2), activation="tanh", sigma_w=1.0, normalization=normalization)
    _, net = given(spec, [(W1, B1), (W2, B2), (W3, B3)])
    table, logs, shares = _measure(spec, net, X, COTANGENT)
    a = outputs(X, normalization)
    sums = [before @ W + b for before, W, b in zip([X, *a], (W1, W2, W3), (B1, B2, B3), strict=False)]
    lengths = [gradient(k, at.shape, normalization) for k, at in enumerate([X, *a], start=-1)]
    for k, (q, forward, chi, signal, back, correlation, saturated, dead) in enumerate(table):
        z = normalized(sums[k]) if normalization == "before" and k < 2 else sums[k]
        assert q == pytest.approx(root_mean_square(z) ** 2)
        assert signal == pytest.approx(root_mean_square(a[k]))
        assert forward == pytest.approx(root_mean_square(a[k]) / root_mean_square([X, *a][k]))
        assert back == pytest.approx(lengths[k + 1] / math.sqrt((COTANGENT**2).sum()), rel=1e-5)
        assert chi == pytest.approx((lengths[k] / lengths[k + 1]) ** 2, rel=1e-5)
        assert correlation == pytest.approx(mean_cosine(a[k]))
        off = (1 - np.tanh(z) ** 2 < 0.1) if k < 2 else np.zeros(z.shape, bool)
        assert (saturated, dead) == (pytest.approx(off.mean()), pytest.approx(off.all(axis=0).mean()))
        assert logs[k] == pytest.approx([math.log(math.sqrt(float(v @ v))) for v in a[k]])
        # The variance between inputs, summed over units and with one degree of freedom less, over the mean square.
        assert shares[k] == pytest.approx(a[k].var(axis=0, ddof=1).sum() * len(a[k]) / (a[k] ** 2).sum())


def test_a_mean_over_networks_and_the_deviation_between_them():
    spec = Spec((5, 6, 6, 3), activation="tanh", sigma_w=1.2)
    nets = [build(spec, seed) for seed in range(3)]
    alone, both = [simulate(spec, [net]) for net in nets], simulate(spec, nets)
    for name in ("q", "forward", "chi", "signal", "gradient", "correlation", "saturated", "dead"):
        assert getattr(both, name) == pytest.approx(np.mean([getattr(one, name) for one in alone], axis=0)), name
    assert all((one.spread == 0.0).all() for one in alone)
    logs = np.array([[[1.0, 2.0]], [[2.0, 2.0]], [[3.0, 5.0]]])  # variances of 1 and of 3
    assert _spread(logs) == pytest.approx([math.sqrt(2.0)])
    logs[:, 0, 1] = -math.inf
    assert _spread(logs) == pytest.approx([math.sqrt(0.5)])  # in all three
    logs[0, 0, 1] = 0.0
    assert _spread(logs).tolist() == [math.inf]


def test_inputs_have_the_size_and_the_correlation_that_are_described():
    """One linear layer that passes on what it gets."""
    spec = Spec((600, 600), activation="linear", sigma_w=1.0, input_second_moment=9.0, input_correlation=0.6)
    layers = simulate(spec, [given(spec, [(np.eye(600), np.zeros(600))])[1]])
    assert layers.q[0] == pytest.approx(9.0, rel=0.15)
    assert layers.correlation[0] == pytest.approx(0.6, abs=0.1)
    assert layers.forward[0] == layers.chi[0] == pytest.approx(1.0)


def test_lengths_and_cosines_at_the_ends_of_float64():
    a = np.array([[3e200, 4e200], [3e-200, 4e-200], [0.0, 0.0], [3.0, -4.0]])
    assert _log_lengths(a)[[0, 1, 3]] == pytest.approx(
        [math.log(5) + 200 * math.log(10), math.log(5) - 200 * math.log(10), math.log(5)]
    )
    assert _log_lengths(a)[2] == -math.inf
    assert alike(a) == 1.0
    assert alike(a[[0, 1, 3]]) == pytest.approx((1 - 7 / 25 - 7 / 25) / 3)


def test_a_network_is_drawn_as_it_is_described():
    spec = Spec((300, 200, 100, 50), scheme="he_uniform", gain=0.5, sigma_b=0.3, seed=4)
    net = build(spec, 1)
    for W, b in zip(net.W, net.b, strict=True):
        assert np.abs(W).max() == pytest.approx(0.5 * math.sqrt(6 / len(W)), rel=0.01)
        assert b.std() == pytest.approx(0.3, rel=4 / math.sqrt(2 * len(b)))
    measured = build(Spec((300, 200, 100, 50), sigma_w=(1.5, 0.0, 0.7)))
    assert [W.std() * math.sqrt(len(W)) for W in measured.W] == pytest.approx([1.5, 0.0, 0.7], rel=0.03)
    assert all((b == 0.0).all() for b in measured.b)
    assert not np.array_equal(net.W[0], build(spec, 2).W[0])
    assert not np.array_equal(net.W[0], build(Spec((300, 200, 100, 50), scheme="he_uniform", gain=0.5, seed=5), 1).W[0])
    residual = build(Spec((4, *[8] * 5, 2), scheme="he_normal", residual=True, normalization="after"))
    assert [phi.name for phi in residual.activations] == ["linear", "relu", "linear", "relu", "linear", "linear"]
    assert residual.branch_ends == {2, 4}
    assert residual.normalized == {"output": {2, 4}}
    inside = build(Spec((4, *[8] * 5, 2), scheme="he_normal", residual=True, normalization="before"))
    assert inside.normalized == {"input": {1, 3}}
    with pytest.raises(ValueError, match=r"got \[\(\(4, 3\)"):
        given(Spec((3, 4, 4, 2), sigma_w=1.0), [(W1.T, B1), (W2, B2), (W3, B3)])


def test_zeros_in_the_way_are_filled():
    spec = Spec((100, 100, 100, 50), activation="tanh", sigma_w=(1.3, 1.3, 0.0))
    net = build(spec)
    new = filled(spec, net)
    assert new.W[:2] == net.W[:2]
    assert (net.W[2] == 0.0).all()
    assert new.W[2].std() * 10 == pytest.approx(1.0, rel=0.05)


def test_twins_have_the_weights_and_the_bias_of_another():
    rng = np.random.default_rng(0)
    spec = Spec((3, 4, 4, 2), sigma_w=1.0)
    _, net = given(spec, [(W1, B1), (W2, B2), (W3, B3)])
    assert twins(spec, net, ()) is None
    W = rng.standard_normal((4, 4))
    W[:, 1] = W[:, 3] = W[:, 0]
    apart, same = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 1.0, 3.0, 2.0])
    assert twins(*given(spec, [(W1, B1), (W, apart), (W3, B3)]), ()) is None
    # With outgoing weights of their own, equal units get other gradients and part at the first step.
    assert twins(*given(spec, [(W1, B1), (W, same), (W3, B3)]), ()) is None
    out = W3.copy()
    out[1] = out[0]
    found = twins(*given(spec, [(W1, B1), (W, same), (out, B3)]), ())
    assert (found.name, found.units, found.equal) == ("layer 2", 4, 1)
    W[0, 0], W[0, 1] = 0.0, -0.0  # the same number
    W[0, 3] = 0.0
    assert twins(*given(spec, [(W1, B1), (W, same), (out, B3)]), ()).equal == 1
    assert twins(*given(spec, [(W1, B1), (W, same), (out, B3)]), (1,)) is None
    W[:] = W[0]  # the units of the first layer get equal outgoing weights too
    _, first = given(spec, [(np.ones((3, 4)), np.ones(4)), (W, same), (out, B3)])
    found, other = twins(spec, first, ()), twins(spec, first, (0,))
    assert (found.name, found.equal, other.name) == ("layer 1", 3, "layer 2")
    assert twins(*given(spec, [(W1, B1), (W2, B2), (np.ones((4, 2)), np.ones(2))]), ()) is None  # outputs may be alike


def test_units_of_a_stream_are_equal_if_every_branch_treats_them_alike():
    rng = np.random.default_rng(1)
    spec = Spec((3, 4, 4, 4, 4, 4, 2), sigma_w=1.0, residual=True)
    pairs = [(rng.standard_normal(shape), np.zeros(shape[1])) for shape in ((3, 4), *[(4, 4)] * 4, (4, 2))]
    into, reads, writes, reads_too, writes_too, out = (W for W, _ in pairs)
    into[:, 1] = into[:, 0]
    reads[1] = reads[0]
    # The columns of layer 1 and the rows of layer 2 are equal, but the second branch and the output tell the two apart.
    assert twins(*given(spec, pairs), ()) is None
    for W in (reads_too, out):
        W[1] = W[0]
    assert twins(*given(spec, pairs), ()) is None  # the branches add something else to each
    for W in (writes, writes_too):
        W[:, 1] = W[:, 0]
    found = twins(*given(spec, pairs), ())
    assert (found.name, found.units, found.equal) == ("in", 4, 1)
    assert diagnose(spec, weights=pairs).verdict.startswith("Bad: equal units. The stream has 4 units, and only 3 diff")
    assert twins(*given(spec, pairs), (2,)) is None  # a branch that starts at 0 parts them
    # Within a branch, where nothing but the next layer reads a unit.
    into[:] = rng.standard_normal(into.shape)
    reads[:, 3], writes[3] = reads[:, 2], writes[2]
    assert twins(*given(spec, pairs), ()).name == "block 1"


def test_a_simulation_wants_a_network():
    with pytest.raises(ValueError, match="at least one network"):
        simulate(Spec((3, 4, 2), sigma_w=1.0), [])
