"""The numbers of a diagnosis in the text's cells: read back from the columns of its tables."""

from dataclasses import replace

import numpy as np
import pytest

from wi_docs.__main__ import main
from wi_docs.diagnosis.audit import inventory
from wi_docs.diagnosis.meaning import meaning
from wi_docs.diagnosis.networks import Spec, diagnose
from wi_docs.diagnosis.probe import Probe, Row, _gradient_notes, _output_notes
from wi_docs.diagnosis.problems import Problem
from wi_docs.diagnosis.report import COLUMNS, PROBE_COLUMNS, RED, bar, chosen, headline, plain, text

A = Row(
    "a", "Linear", True, module="a", sigma_w=1.5, signal=0.25, gradient=1e-3, weight_gradient=0.125, correlation=-1e-9,
    activation="tanh", saturated=0.25, dead=0.5, update=0.75,
)  # fmt: skip
B = Row("b.norm", "LayerNorm", False, module="b.norm", signal=2e5, gradient=0.1)
PROBE = Probe("Net", (A, B), None, 0, 0.01, 2.5, 2.25, None, 0.5)
STEPPED = replace(PROBE, after=(A, B), steps=3, rate=0.05, loss_after=1.25)
LOTS = "a: lots of it."


def test_a_models_table_has_each_number_in_its_column():
    lines = text(PROBE).splitlines()
    assert lines[0] == "Net: 2 modules with parameters"
    header = next(line for line in lines if line.startswith("before the first step"))
    assert header.split()[4:] == [name for name in PROBE_COLUMNS if name != "update"]
    a, b = (next(line for line in lines if line.startswith(f"{name} ")) for name in ("a", "b.norm"))
    assert a.split() == ["a", "(Linear)", "1.5", "0.25", "0.001", "████", "0.12", "0.000", "25%", "50%"]
    assert b.split() == ["b.norm", "(LayerNorm)", "2e+05", "0.1", "██████"]
    ends = {name: header.index(f" {name}") + len(name) for name in ("sigma_w", "signal", "gradient", "dead")}
    assert (a[ends["sigma_w"]], a[ends["signal"]], a[ends["dead"]]) == ("5", "5", "%")
    assert b[ends["signal"] - 4 : ends["signal"] + 1] == "2e+05"
    assert not any("update" in line for line in lines)
    assert "Loss 2.5 (chance: 2.250)." in lines
    assert (
        lines[2]
        == "Good. There are no two layers with weights to compare, and the first loss is 2.50, where chance is 2.25."
    )


def test_what_steps_gave_stands_in_a_table_of_its_own():
    lines = text(STEPPED).splitlines()
    header = next(line for line in lines if line.startswith("after 3 steps at a rate of 0.05"))
    assert header.split()[-1] == "update"
    assert [line.split()[-1] for line in lines if line.startswith("a ")] == ["50%", "0.75"]
    assert "Loss 2.5 (chance: 2.250), after the steps 1.25." in lines
    assert "Loss 2.5." in text(replace(PROBE, chance=None)).splitlines()


def test_what_is_bad_is_red_and_the_rest_is_named():
    problems = Problem("overflow", "b.norm", "Much.", 9.0), Problem("initial loss too large", "a", LOTS, 2.0)
    bad = replace(PROBE, problems=problems, advice="less.", notes=("A note.",))
    painted = text(bad, color=True).splitlines()
    assert [line.removeprefix(RED).split()[0] for line in painted if line.startswith(RED)] == ["Bad:", "a", "b.norm"]
    lines = text(bad).splitlines()
    # The verdict stands first, then what it means, then what helps, then what is worth knowing.
    assert lines[2:4] == ["Bad: overflow. Much.", f"Also: initial loss too large. {LOTS}"]
    assert [line.partition(":")[0] for line in lines[4:7]] == ["Plain descent", "Adam", "How sure"]
    assert lines[7:11] == ["", "What helps most: less.", "", "A note."]
    assert not any(line.startswith(RED) for line in text(PROBE, color=True).splitlines())


def test_a_networks_table_has_theory_and_simulation_side_by_side():
    found = diagnose(Spec((16, *[8] * 60, 4), scheme="pytorch_linear"), seeds=2, advise=False)
    lines = text(found).splitlines()
    (top,) = (k for k, line in enumerate(lines) if line.startswith("row "))
    assert lines[top].split()[1:] == list(COLUMNS)
    shown, step = chosen(61)
    assert (shown, step) == ([*range(0, 61, 8), 60], 8)  # of 8 rows that have room, and the last
    bad = {found.rows.index(problem.row) for problem in found.problems}
    assert bad - set(shown)  # rows that a problem names are shown besides
    for line, k in zip(lines[top + 1 :], sorted(bad | set(shown)), strict=False):
        cells = [cell for cell in line.split() if not set(cell) <= set("█▏▎▍▌▋▊▉")]
        said = [format(float(getattr(side, name)[k]), form) for name, (_, _, form) in COLUMNS.items()
                for side in (found.theory, found.simulation)]  # fmt: skip
        assert cells == ["layer", str(k + 1), *said]
    assert len({line.index(" ", 8) for line in lines[top + 1 : top + 10]}) <= 2
    assert "(One row in 8; --all has all.)" in lines
    every = text(found, everything=True).splitlines()
    assert [line.split()[1] for line in every if line.startswith("layer ")] == [str(k) for k in range(1, 62)]
    assert not any(line.startswith("(One row in") for line in every)
    assert any(line.startswith("Each number by theory, then as simulated.") for line in lines)
    alone = diagnose(found.spec, simulated=False, advise=False)
    assert "then as simulated" not in text(alone)
    assert "None of the changes" not in text(alone)  # none was tried
    assert "None of the changes that were tried helps." in text(replace(alone, advised=True))


@pytest.mark.parametrize(
    ("value", "largest", "drawn"),
    [
        (1.0, 1.0, "██████"),
        (10**-0.5, 1.0, "█████▌"),
        (1e-5, 1.0, "█"),
        (1e-7, 1.0, ""),
        (2.0, 1.0, ""),
        (1.0, np.inf, ""),
        (0.0, 1.0, ""),
        (np.nan, 1.0, ""),
    ],
)
def test_a_bar_loses_a_cell_for_a_power_of_ten(value, largest, drawn):
    assert bar(value, largest) == drawn.ljust(6)


def test_all_rows_are_shown_while_there_is_room():
    assert chosen(8) == ([*range(8)], 1)
    assert chosen(9) == ([*range(0, 9, 2)], 2)
    assert chosen(10) == ([*range(0, 10, 2), 9], 2)


def test_the_headline_says_what_is_not_as_usual():
    spec = Spec((8, *[4] * 5, 2), activation="tanh", scheme="he_normal", gain=0.5, residual=True, branch=0.25,
                normalization="after", dtype="bf16")  # fmt: skip
    said = "8-4 (5 times)-2, tanh, he_normal, gain 0.5, residual, branches times 0.25, normalized after, bf16"
    assert headline(spec) == said
    assert headline(Spec((8, 4, 4, 4, 2), sigma_w=1.0)) == "8-4-4-4-2, relu, weights by sigma_w"


def test_what_is_infinite_is_none_for_machines():
    record = plain(replace(PROBE, loss=np.float64("inf"), rows=(replace(A, signal=float("nan")),)))
    assert (record["loss"], record["rows"][0]["signal"], record["rows"][0]["gradient"]) == (None, None, 1e-3)
    assert (record["ok"], record["undecided"]) == (True, False)


SCHEMES = {"theory": {"simulated": False}, "simulated": {}}


@pytest.mark.parametrize("case", SCHEMES)
def test_a_networks_verdict_stands_first_then_what_it_means_then_the_cure_then_the_table(case):
    found = diagnose(Spec((16, *[16] * 12, 4), scheme="pytorch_linear"), seeds=1, **SCHEMES[case])
    lines = text(found).splitlines()
    assert lines[:3] == [headline(found.spec), "", found.verdict]
    means = meaning(found.problems)
    said = ["Plain descent: " + means.descent, "Adam: " + means.adam, "How sure: " + means.sure]
    places = [lines.index(line) for line in (found.verdict, *(f"{line}." for line in said),
              f"What helps most: {found.advice.change}.", f"Then: {found.advice.outcome}", "In the description:",
              "PyTorch:", "Keras:", "Flax:")]  # fmt: skip
    (top,) = (k for k, line in enumerate(lines) if line.startswith("row "))
    assert places == sorted(places)
    assert places[-1] < top
    recipe = found.advice.recipe
    for code in (recipe.patch, recipe.pytorch, recipe.keras, recipe.flax):
        assert "\n".join(f"    {line}" for line in code.splitlines()) in "\n".join(lines)


def test_a_files_verdict_stands_first_too(capsys, tmp_path):
    rng = np.random.default_rng(0)
    arrays = {f"fc{k}.weight": rng.standard_normal((9, 9)) * 0.1 for k in range(12)}
    np.savez(tmp_path / "weights.npz", **arrays, **{"out.weight": rng.standard_normal((4, 9))})
    assert main(["diagnose", str(tmp_path / "weights.npz")]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("9 (13 times)-4, relu, weights by sigma_w")
    assert lines[2].startswith("Bad: vanishing signal. ")
    assert [line.partition(":")[0] for line in lines[3:7]] == ["Also", "Plain descent", "Adam", "How sure"]


def test_without_a_verdict_nothing_is_said_of_training():
    undecided = diagnose(Spec((8, 4, 2), scheme="zeros"), simulated=False)
    assert undecided.meaning is None
    assert "Plain descent" not in text(undecided)
    listed = inventory("w.npz", {"a": np.ones(3)}, "why")
    assert "Plain descent" not in text(listed)
    assert "Adam: the same." in text(inventory("w.npz", {"a": np.array([np.nan])}, "why"))


# What a look at a model says of itself, without the model


def test_the_row_before_the_last_weights():
    last = replace(A, name="c", module="c")
    assert replace(PROBE, rows=(A, replace(B, correlation=0.5), last)).before_last.name == "b.norm"
    assert replace(PROBE, rows=(A, B, last)).before_last is A  # b.norm has no correlation
    assert replace(PROBE, rows=(A, replace(B, correlation=0.5, module=""), last)).before_last is A
    assert replace(PROBE, rows=(A, last, replace(B, correlation=0.5))).before_last is A
    assert PROBE.before_last is None


def test_the_verdict_compares_the_ends():
    last = replace(A, name="c", module="c", gradient=1e-2)
    good = replace(PROBE, rows=(A, B, last), chance=None)
    assert (
        good.verdict
        == "Good. The gradient's length at a (Linear) is 0.1 times that at c (Linear), and the first loss is 2.50."
    )


def test_notes_name_what_waits_and_what_is_alike():
    waits = replace(A, gradient=0.0, later=1.0)
    found = replace(PROBE, rows=(waits, replace(A, name="z", module="z")), zeros=("z.weight", "z.bias"))
    assert found.waiting == (waits,)
    (note,) = _gradient_notes(found)
    assert "No gradient comes back to a until" in note
    assert "has moved: z.weight." in note
    last = replace(A, name="c", module="c")
    alike = replace(PROBE, rows=(replace(A, correlation=0.25), last), output_correlation=1 - 1e-5)
    (note,) = _output_notes(alike)
    assert "a cosine of 1 - 1e-05, those at a (Linear) one of 0.25." in note
    assert _output_notes(replace(alike, output_correlation=0.99)) == []
    assert _output_notes(replace(alike, rows=(replace(A, correlation=1.0), last))) == []
    assert _output_notes(replace(PROBE, rows=(A, B))) == ["fp16: the signal overflows at b.norm"]
    assert _output_notes(replace(PROBE, rows=(A, replace(B, broken=True)))) == []


def test_a_row_without_a_gradient_has_no_bar():
    lines = text(replace(PROBE, rows=(replace(A, gradient=100.0), replace(B, gradient=None)))).splitlines()
    assert next(line for line in lines if line.startswith("b.norm")).split() == ["b.norm", "(LayerNorm)", "2e+05"]


def test_formats_that_are_left_are_said_and_rows_have_names():
    spec = Spec((64, *[64] * 9, 10), activation="linear", sigma_w=10.0)
    lines = text(diagnose(spec, simulated=False, advise=False)).splitlines()
    # The first factor of 10 beyond 65504 is the fifth, and the gradient is 1 at the tenth layer.
    assert "Out of range in fp16: the signal overflows at layer 5 and the gradient overflows at layer 5." in lines
    residual = Spec((4, *[8] * 5, 2), scheme="he_normal", residual=True)
    assert residual.rows() == [("in", 0), ("block 1", 1, 2), ("block 2", 3, 4), ("out", 5)]
