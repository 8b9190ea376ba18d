"""The check for a team's own tests: what passes, what fails with which words, and what a run of pytest makes of it."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.torch import models, reported
from wi_docs.diagnosis import assert_good_start
from wi_docs.diagnosis.probe import probe


def state(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def test_a_good_start_passes_and_the_model_is_as_it_was():
    model = models.he()
    before, random = state(model), torch.get_rng_state()
    assert assert_good_start(model, reported.normal(16, 64), torch.arange(16) % 10) is None
    assert assert_good_start(model) is None
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)
    assert all(p.grad is None for p in model.parameters())


def test_a_bad_start_fails_with_the_verdict_and_the_lines_that_mend_it():
    model = models.plain()
    before = state(model)
    with pytest.raises(AssertionError) as raised:
        assert_good_start(model)
    said = str(raised.value)
    found = probe(model)
    assert said.startswith(f"{found.verdict}\n\nWhat helps most: normal weights of deviation 1.41/sqrt(fan_in)")
    assert said.endswith(found.cure.code)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    # The lines of the message, pasted: what failed passes.
    exec(found.cure.code, {"model": model})
    assert_good_start(model)


def test_without_a_cure_the_verdict_stands_alone():
    # Inputs that are all the same: no weights tell them apart.
    with pytest.raises(AssertionError) as raised:
        assert_good_start(models.he(), torch.ones(16, 64))
    assert str(raised.value).startswith("Bad: output ignores its input. ")
    assert "What helps most" not in str(raised.value)


def test_the_loss_counts():
    model, inputs = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1)), reported.normal(16, 4)
    asked = []

    def loss(output, targets):
        asked.append(targets.shape)
        return ((output - targets) ** 2).mean()

    assert_good_start(model, inputs, torch.zeros(16, 1), loss=loss)
    assert asked
    assert set(asked) == {torch.Size([16, 1])}


@pytest.mark.parametrize(
    ("arguments", "kind", "says"),
    [
        (("no model",), TypeError, "must be a torch.nn.Module"),
        ((nn.ReLU(),), ValueError, "has no parameters"),
        ((nn.Linear(4, 2), torch.ones(3, 5)), ValueError, "the model fails on the batch"),
        ((nn.Linear(4, 2), torch.ones(3, 4), torch.tensor([0, 1, 2])), ValueError, "classes from 0 to 1"),
    ],
)
def test_what_cannot_be_looked_at_is_no_failed_assertion(arguments, kind, says):
    with pytest.raises(kind, match=says):
        assert_good_start(*arguments)


@pytest.mark.parametrize(("build", "code", "says"), [("he", 0, "1 passed"), ("plain", 1, "AssertionError: Bad ")])
def test_a_team_sees_it_in_its_own_tests(tmp_path, build, code, says):
    (tmp_path / "test_start.py").write_text(
        "from tests.torch import models\n"
        "from wi_docs.diagnosis import assert_good_start\n\n"
        f"def test_the_model_starts_well():\n    assert_good_start(models.{build}())\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path), f"--rootdir={tmp_path}"],
        cwd=Path(__file__).parent.parent.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout
    assert says in done.stdout
