"""The formats of floating-point numbers against numpy's, and the layers that they last against multiplying in them."""

import numpy as np
import pytest

from wi_docs.nn import number_formats


@pytest.mark.parametrize(("name", "kind"), [("fp16", np.float16), ("fp32", np.float32), ("fp64", np.float64)])
def test_the_limits_are_those_of_numpy(name, kind):
    said = np.finfo(kind)
    assert number_formats.limits(name) == (float(said.smallest_subnormal), float(said.max))
    assert name in number_formats.names()


def test_bf16_is_fp32_without_its_last_16_bits():
    largest = np.array(0x7F7F_0000, np.uint32).view(np.float32)  # the bits of infinity, less one in the 16th place
    smallest = np.array(0x0001_0000, np.uint32).view(np.float32)
    assert number_formats.limits("bf16") == (float(smallest), float(largest))


@pytest.mark.parametrize(("name", "kind"), [("fp16", np.float16), ("fp32", np.float32)])
@pytest.mark.parametrize("factor", [0.01, 0.1, 0.5, 0.9, 1.1, 2.0, 10.0, 1e3])
def test_the_first_layer_beyond_a_format(name, kind, factor):
    layer = number_formats.layers_until(name, factor)
    with np.errstate(over="ignore", under="ignore"):
        before, there = kind(factor ** (layer - 1)), kind(factor**layer)
    assert np.isfinite(before)
    assert before > 0.0
    assert there == (np.inf if factor > 1.0 else 0.0)


def test_a_factor_of_1_lasts_for_ever():
    with pytest.raises(ValueError, match="a factor of 1 leaves the range of no format"):
        number_formats.layers_until("fp16", 1.0)
    with pytest.raises(ValueError, match="factor must be greater than 0"):
        number_formats.layers_until("fp16", 0.0)


def test_half_a_unit_past_the_largest_number_still_rounds_to_it():
    assert np.isfinite(np.float16(65510.0))
    assert number_formats.layers_until("fp16", 65510.0) == 2
    with np.errstate(over="ignore"):
        assert not np.isfinite(np.float16(65521.0))
    assert number_formats.layers_until("fp16", 65521.0) == 1
