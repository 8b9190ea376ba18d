"""A change of a described network as code: what the patch makes of a description, and what is not said."""

from dataclasses import astuple, replace

import pytest

from tests.test_advice import HELD, PLAIN, RESIDUAL, TRIED
from wi_docs.diagnosis.advice import _alternatives
from wi_docs.diagnosis.networks import Spec, diagnose
from wi_docs.diagnosis.problems import burden
from wi_docs.diagnosis.recipe import recipe
from wi_docs.nn import initializers, libraries
from wi_docs.pages.tables import recommended


def patched(text, patch):
    """The text after the patch, as somebody does it by hand."""
    lines = text.splitlines()
    for line in patch.splitlines():
        if line.startswith("- "):
            lines.remove(line[2:])
        else:
            assert line.startswith("+ ")
            lines.append(line[2:])
    return "\n".join(lines)


@pytest.mark.parametrize("case", TRIED)
def test_a_patched_description_is_the_changed_network(case):
    spec, _ = TRIED[case]
    for change, new in _alternatives(spec):
        found = recipe(spec, new)
        assert found is not None, change
        assert Spec.from_text(patched(spec.text(), found.patch)) == new
        # A change that is the network as it stands has no lines; all others have some for each library.
        assert all(bool(code) is (new != spec) for code in astuple(found))


def test_each_part_of_a_change_is_in_the_code():
    changed = replace(PLAIN, input_second_moment=1.0, dtype="bf16", normalization="before", scheme="orthogonal",
                      gain=1.5, sigma_b=0.25, widths=(10, 9, 9, 3))  # fmt: skip
    found = recipe(PLAIN, changed)
    for code in (found.pytorch, found.keras, found.flax):
        assert code.startswith("# hidden layers of 9 (2 times) units\nx = x / 2\n")  # the root of 4
        assert "bfloat16" in code
        assert "orthogonal" in code.lower()
        assert "=1.5)" in code
        assert "=0.25)" in code or "normal(0.25)" in code
        assert "activation(norm(layer(x)))" in code
    branches = recipe(RESIDUAL, replace(RESIDUAL, branch=0.5, normalization="after"))
    assert branches.pytorch.splitlines()[0] == "x = x + 0.5 * branch(x)"
    assert "x = norm(x + branch(x))" in branches.flax
    assert "x = x + branch(norm(x))" in recipe(RESIDUAL, replace(RESIDUAL, normalization="before")).keras
    assert "x = norm(activation(layer(x)))" in recipe(PLAIN, replace(PLAIN, normalization="after")).keras


def test_layers_that_start_at_0_stay():
    found = recipe(HELD, replace(HELD, sigma_w=(1.0,) * 6 + (0.0,)))
    assert "if isinstance(layer, nn.Linear) and layer.weight.any():" in found.pytorch
    assert "but those that start at 0" in found.keras
    assert "but those that start at 0" in found.flax
    whole = recipe(HELD, replace(HELD, sigma_w=1.0))
    assert "any()" not in whole.pytorch
    assert "start at 0" not in whole.keras


def test_what_no_library_has_in_a_line_has_no_code():
    assert recipe(PLAIN, replace(PLAIN, scheme="sparse", gain=1.0)) is None
    assert recipe(PLAIN, replace(PLAIN, scheme=None, gain=1.0, sigma_w=(1.0, 2.0) * 3 + (1.0,))) is None
    assert recipe(PLAIN, replace(PLAIN, scheme="he_normal", sigma_b=(0.1,) * 7)) is None


def test_layers_that_all_start_at_0_have_no_code():
    zeros = Spec(widths=(2, 2), activation="linear", scheme="zeros", dtype="fp16", input_second_moment=254.0, seed=2)
    assert recipe(zeros, replace(zeros, scheme=None, sigma_w=(0.0,), sigma_b=0.0)) is None


@pytest.mark.parametrize("scheme", ["pytorch_linear", "normal", "constant", "he_uniform"])
@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_no_cure_is_offered_that_does_not_help(scheme, activation):
    for depth, residual in ((3, False), (15, False), (15, True)):
        spec = Spec((16, *[16] * depth, 4), activation=activation, scheme=scheme, residual=residual)
        found = diagnose(spec, seeds=2)
        if found.advice is None:
            continue
        assert not found.ok
        again = diagnose(found.advice.spec, seeds=2, advise=False)
        assert again.problems == found.advice.problems
        assert burden(again.problems) < burden(found.problems)
        assert found.advice.recipe == recipe(spec, found.advice.spec)


def test_a_scheme_has_its_own_name_where_no_gain_multiplies_it():
    assert {name for name in libraries.NAMED if name not in initializers.names()} == {"he_normal by fan-out"}
    for name in libraries.FAMILY:
        assert libraries.lines(name) == libraries.NAMED[name]
        assert libraries.lines(name, 2.0) not in (None, libraries.NAMED[name])
    assert libraries.lines("zeros", 2.0) is None
    assert libraries.lines("he_normal", 0.5).keras == 'VarianceScaling(0.5, "fan_in", "truncated_normal")'
    assert libraries.lines("kaiming_normal", 2.0) == libraries.lines("he_normal", 2.0)
    with pytest.raises(ValueError, match="gain must be greater than 0"):
        libraries.lines("he_normal", 0.0)
    with pytest.raises(ValueError, match=r"unknown scheme 'he_norm' \(did you mean 'he_normal'\?\)"):
        libraries.lines("he_norm")


def test_the_table_in_a_hurry_takes_its_lines_from_here():
    assert recommended.lines("he_normal", "relu") == astuple(libraries.lines("he_normal"))
    assert recommended.lines("orthogonal, forward gain", "tanh")[1] == "Orthogonal(gain=1.593)"
    assert recommended.lines("lecun_normal, backward gain", "tanh")[2] == 'variance_scaling(2.153, "fan_in", "normal")'
    assert all(recommended.lines(name, "relu") for name in recommended.LINES)
