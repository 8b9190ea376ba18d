"""A start that is trained on trial: what it is held against, what is said of it, and that nothing of it stays."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.torch import models
from tests.torch.reported import normal
from wi_docs.diagnosis import assert_good_start, fit, problems, step
from wi_docs.diagnosis.fit import Fit
from wi_docs.diagnosis.meaning import meaning
from wi_docs.diagnosis.probe import JUDGEMENTS, Batch, probe

CLASSES = torch.tensor([0, 0, 0, 1, 2, 2, 0, 1])
TARGETS = {
    "classes": (CLASSES, 3),
    "classes that are left out": (torch.where(CLASSES == 1, -100, CLASSES), 3),
    "shares": (torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]]).repeat(4, 1), 3),
    "one-hot": (nn.functional.one_hot(CLASSES), 3),
    "yes or no": (torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0]]).repeat(2, 1), 2),
    "numbers": (normal(8, 2), 2),
}


@pytest.mark.parametrize("kind", TARGETS)
def test_the_blind_loss_is_the_least_of_one_answer_for_all(kind):
    """Newton's method on the answer finds the same."""
    targets, width = TARGETS[kind]
    answer = torch.zeros(width, requires_grad=True)
    optimizer = torch.optim.LBFGS([answer], max_iter=500, tolerance_grad=1e-9, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        value = step.loss(answer.expand(8, width), targets).value
        value.backward()
        return value.detach()

    optimizer.step(loss)
    least = float(loss())
    assert step.loss(normal(8, width), targets).blind == pytest.approx(least, abs=1e-3)


def test_losses_of_the_readers_own_have_no_blind_loss():
    assert step.loss(normal(8, 2), None, lambda y: y.square().mean()).blind is None
    both = step.loss((normal(8, 3), normal(8, 2)), (CLASSES, normal(8, 2)))
    parts = [step.loss(normal(8, 3), CLASSES).blind, step.loss(normal(8, 2), normal(8, 2)).blind]
    assert both.blind == pytest.approx(sum(parts))


class Blind(nn.Module):
    """A model whose output is its bias."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(64, 10)

    def forward(self, x):
        return self.layer(0.0 * x)


def test_who_sees_no_input_does_not_learn():
    batch = Batch(normal(32, 64), torch.arange(32) % 7, None)
    for way in (fit.descent, fit.adam):
        found = way(Blind(), batch)
        assert found.learns is False
        assert found.after > 0.99 * found.blind
        assert found.steps == fit.STEPS
        seen = way(nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)), batch)
        assert seen.learns is True
        assert seen.after < fit.LEARNS * seen.blind
        assert seen.steps < fit.STEPS  # it ends when it has learned enough


def test_a_model_comes_back_and_so_do_random_numbers():
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(64, 8), nn.BatchNorm1d(8), nn.Dropout(), nn.ReLU(), nn.Linear(8, 10))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random = torch.get_rng_state()
    batch = Batch(normal(32, 64), None, None)
    assert fit.adam(model, batch) == fit.adam(model, batch)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)
    assert all(p.grad is None for p in model.parameters())


def test_what_takes_too_long_is_not_trained(monkeypatch):
    monkeypatch.setattr(fit, "OPERATIONS", 0.0)
    found = probe(models.plain(), advise=False)
    assert (found.descent, found.adam, found.judgement) == (None, None, "Bad")
    assert found.meaning == meaning(found.problems)


def test_a_larger_model_takes_fewer_steps(monkeypatch):
    batch, model = Batch(normal(32, 64), torch.arange(32) % 7, None), Blind()
    one = fit._operations(model, batch)
    for allowed, steps in ((401, fit.STEPS), (250, 250), (99, None)):
        monkeypatch.setattr(fit, "OPERATIONS", allowed * one)
        found = fit.descent(model, batch)
        assert (found and found.steps) == steps


def test_numbers_that_leave_their_format_are_said_to():
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    for module in model[::2]:
        nn.init.normal_(module.weight, std=1e4)
    found = fit.descent(model, Batch(normal(32, 64), normal(32, 1), None))
    assert math.isinf(found.after)
    assert found.learns is False
    assert str(found) == "at 0.1, 0.01 and 0.001 numbers leave their format on this batch"


LEARNED = Fit(0.01, (0.1, 0.01), 7, 2.3, 1.5, 2.1, True)


def test_what_is_said_of_a_training():
    assert str(LEARNED) == (
        "7 steps at 0.01 bring the loss on this batch from 2.3 to 1.5; one answer for all inputs has 2.1 at best"
    )
    not_so = replace(LEARNED, steps=100, after=2.2, blind=None, learns=None)
    assert str(not_so) == "100 steps at 0.1 and 0.01 bring the loss on this batch from 2.3 to 2.2 at best"


def test_the_verdict_says_for_which_optimizer():
    found = probe(models.plain(), advise=False)
    assert {problem.kind for problem in found.problems} <= fit.KINDS <= set(problems.KINDS)
    for descends, adapts in JUDGEMENTS:
        one = replace(found, descent=replace(LEARNED, learns=descends), adam=replace(LEARNED, learns=adapts))
        assert one.verdict.startswith(f"{JUDGEMENTS[descends, adapts]}: output ignores its input. ")
        assert (one.good_for("descent"), one.good_for("adam")) == (descends, adapts)
        assert not one.ok
    with pytest.raises(ValueError, match="unknown optimizer 'sgd'"):
        found.good_for("sgd")
    good = probe(models.he(), advise=False)
    assert good.descent is good.adam is None
    assert good.good_for("adam")


def test_what_no_training_changes_is_not_trained():
    found = probe(models.constant(), advise=False)
    assert found.problems[0].kind == "equal units"
    assert (found.descent, found.adam) == (None, None)


def test_a_team_says_which_optimizer_it_has():
    assert_good_start(models.plain(), optimizer="adam")
    with pytest.raises(AssertionError, match=r"Bad for plain descent, while Adam learns this batch: "):
        assert_good_start(models.plain(), optimizer="descent")
