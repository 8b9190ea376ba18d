"""What one tensor holds: each number against numpy's, the place of what is no number, and the law it was drawn by."""

import math

import numpy as np
import pytest

from wi_docs.diagnosis.audit import GARBAGE, SAMPLE, Entry, Inventory, audit, inventory
from wi_docs.nn import initializers

RNG = np.random.default_rng(0)


def test_the_numbers_are_numpys():
    w = RNG.normal(0.25, 0.5, (30, 4, 3)).astype(np.float32)
    w[0, 0] = 0.0
    found = audit("w", w, notes=("frozen",))
    assert (found.name, found.shape, found.notes, found.fault) == ("w", (30, 4, 3), ("frozen",), "")
    assert found.mean == pytest.approx(w.mean(), rel=1e-5)
    assert found.deviation == pytest.approx(w.std(), rel=1e-5)
    assert found.largest == pytest.approx(np.abs(w).max())
    assert found.sigma_w == pytest.approx(math.sqrt(12 * (w.astype(float) ** 2).mean()), rel=1e-5)
    assert found.zeros == pytest.approx(3 / 360)
    assert (found.nan, found.infinite, found.place, found.equal) == (0, 0, (), 0)
    assert audit("w", -np.abs(w) - 1).largest == pytest.approx(np.abs(w).max() + 1)
    keras = audit("w", w, rows_first=False)
    assert keras.sigma_w == pytest.approx(found.sigma_w * math.sqrt(120 / 12))
    assert audit("b", w[:, 0, 0]).sigma_w is None


def test_what_is_no_number_is_counted_and_found():
    w = np.ones((3, 4))
    w[1, 2] = np.nan
    w[2, 0] = -np.inf
    w[2, 1] = np.inf
    found = audit("w", w)
    assert (found.nan, found.infinite, found.place) == (1, 2, (1, 2))
    assert found.fault == "w has 1 NaN and 2 infinite of 12 values, the first at [1, 2]."
    assert (found.mean, found.deviation, found.largest) == (1.0, 0.0, 1.0)
    nothing = audit("w", np.full((2, 2), np.nan))
    assert (nothing.nan, nothing.largest, nothing.mean) == (4, 0.0, 0.0)
    assert "4 NaN of 4" in nothing.fault


def test_memory_that_was_never_written_is_told_by_its_size():
    w = np.ones((3, 4), np.float32)
    w[2, 3] = -1e30
    found = audit("w", w)
    assert (found.place, found.nan, found.infinite) == ((2, 3), 0, 0)
    assert found.fault == "w has a value of 1e+30, the first at [2, 3]: memory that nothing was written to?"
    assert audit("w", np.full(3, GARBAGE)).fault == ""
    assert audit("w", np.full(3, 1.01 * GARBAGE)).place == (0,)
    assert audit("w", np.array([GARBAGE, 2 * GARBAGE])).place == (1,)
    assert audit("w", np.array([[1.0, 1e308], [1e308, 1e308]])).place == (0, 1)  # the sum is infinite, and no value
    # A sum that leaves float64 is no fault of the values; squares that do are no infinite deviation.
    big = audit("w", np.array([[1e308, 1e308], [-1e308, 1e308]]))
    assert (big.infinite, big.nan) == (0, 0)
    assert big.deviation == pytest.approx(1e308 * math.sqrt(0.75))
    assert math.isfinite(big.sigma_w)


def test_what_has_no_real_numbers_is_named_only():
    for values in (np.arange(3), np.ones((0, 3)), np.array([True]), np.array([np.nan + 1j])):
        looked_at = values.dtype.kind == "f"
        assert audit("w", values, notes=("a",)) == Entry("w", values.shape, notes=("a",), looked_at=looked_at)


def test_equal_rows():
    w = RNG.normal(size=(6, 5))
    w[3] = w[1]
    w[4] = w[1]
    assert audit("w", w).equal == 2
    assert audit("w", w.T, rows_first=False).equal == 2
    assert audit("w", w.T).equal == 0
    w[3, 4] += 1
    assert audit("w", w).equal == 1
    w[:, 0] = 1.0  # the first column alone does not tell
    w[4, 4] += 2
    assert audit("w", w).equal == 0
    assert audit("w", np.array([[0.0, 1.0], [-0.0, 1.0]])).equal == 1
    assert audit("w", 1e-20 * RNG.normal(size=(6, 5))).equal == 0
    assert audit("w", np.zeros((3, 3))).equal == 0  # nothing is told of rows of zeros
    assert audit("w", np.ones((1, 3))).equal == 0
    assert audit("w", np.ones(3)).equal == 0


LAWS = [name for name in initializers.names() if name not in ("zeros", "constant", "identity", "orthogonal", "sparse")]


@pytest.mark.parametrize("name", LAWS)
def test_a_law_is_known_by_size_and_form(name):
    shape = (512, 128)

    def uniform(w):  # of kurtosis 1.8, where normal values have 3, and 2.4 if they are cut at two deviations
        return (w**4).mean() / (w**2).mean() ** 2 < 2.1

    w = initializers.get(name)(np.random.default_rng(1), shape)
    found = audit("w", w, rows_first=False).laws
    assert name in found
    for other in found:
        if other in initializers.names():
            # What else fits has the same size, within what 65,536 values tell, and the same form.
            assert initializers.deviation(other, shape) == pytest.approx(initializers.deviation(name, shape), rel=0.02)
            assert uniform(initializers.get(other)(np.random.default_rng(2), shape)) == uniform(w)


def test_laws_without_a_fan_and_those_of_few_values():
    assert audit("w", RNG.normal(0, 0.02, (300, 200))).laws[-1] == "normal of deviation 0.02"
    assert audit("w", RNG.normal(0, 1.0, (300, 200))).laws[-1] == "normal of deviation 1"
    assert "normal of deviation 0.02" not in audit("w", RNG.uniform(-0.0346, 0.0346, (300, 200))).laws
    assert "normal of deviation 1" not in audit("w", RNG.uniform(-(3**0.5), 3**0.5, (300, 200))).laws
    assert audit("w", RNG.normal(0, 1.0, (7, 9))).laws == ()
    assert "normal of deviation 1" in audit("w", RNG.normal(0, 1.0, (8, 8))).laws
    assert audit("b", RNG.normal(0, 1.0, 64)).laws == ()
    assert audit("w", np.zeros((9, 9))).laws == ("zeros",)
    assert audit("g", np.ones(9)).laws == ("ones",)
    assert audit("g", np.full(9, 0.25)).laws == ("constant 0.25",)


def test_a_size_has_to_fit_within_four_errors():
    # Of n normal values the root mean square errs by 1 / sqrt(2 n): 0.0044 for 25,600 of them.
    w = RNG.normal(size=(256, 100))
    w *= (2 / 100) ** 0.5 / math.sqrt((w**2).mean())
    assert audit("w", 1.016 * w).laws == ("he_normal",)
    assert audit("w", 1.02 * w).laws == ()
    u = RNG.uniform(-1, 1, (256, 100))
    u *= (2 / 100) ** 0.5 / math.sqrt((u**2).mean())
    assert audit("w", 1.010 * u).laws == ("he_uniform",)
    assert audit("w", 1.013 * u).laws == ()


def test_of_very_many_values_a_part_is_enough():
    w = np.zeros((SAMPLE + 5, 2), np.float32)
    w[:, 0] = 1.0
    found = audit("w", w)
    assert found.mean == pytest.approx(0.5, abs=1e-5)
    assert found.zeros == 0.5


def test_an_inventory_speaks_for_all():
    found = inventory("w.npz", {"a\x1b": np.array([np.nan]), "b": np.array([np.inf]), "c": np.ones(2)}, "why")
    assert [entry.name for entry in found.entries] == ["a\\x1b", "b", "c"]
    assert [problem.row for problem in found.problems] == ["a\\x1b", "b"]
    assert found.verdict == f"Bad: parameter without a value. {found.faults[0]} So have 1 more."
    assert (found.ok, found.file, found.why) == (False, "w.npz", "why")
    assert Inventory("w", (), "").ok
    assert inventory("w", {"a": np.ones(2)}, "").verdict.startswith("No fault in 1 tensors, each looked at by itself.")
    kernel = inventory("w", {"a/kernel:0": np.ones((3, 4)), "a.weight": np.ones((3, 4))}, "").entries
    assert [entry.sigma_w for entry in kernel] == [pytest.approx(3**0.5), pytest.approx(2.0)]


def test_a_single_number_has_no_place():
    assert audit("scale", np.array(np.nan)).fault == "scale has 1 NaN of 1 values."
    assert audit("scale", np.array(1e30)).fault == "scale has a value of 1e+30: memory that nothing was written to?"


def test_values_whose_squares_overflow_are_looked_at_without_a_warning():
    assert audit("w", np.random.default_rng(0).normal(0, 1e200, (64, 64))).fault.startswith("w has a value of")
