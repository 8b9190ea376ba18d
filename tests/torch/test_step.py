"""The reader's own step: how a model is called, which loss it gets, and what is refused, against PyTorch's losses."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.torch.reported import normal
from wi_docs.diagnosis import step

Y, X = torch.arange(8) % 3, normal(8, 3)
LN2, LN3 = math.log(2), math.log(3)


class Takes(nn.Module):
    def forward(self, x, scale=1.0):
        return x * scale if not isinstance(x, dict) else x["other"]


def test_a_batch_is_handed_over_as_the_author_does():
    model = Takes()
    assert torch.equal(step.call(model, X), X)
    assert torch.equal(step.call(model, (X, 2.0)), 2 * X)
    assert torch.equal(step.call(model, {"x": X, "scale": 3.0}), 3 * X)
    assert torch.equal(step.call(model, {"other": X}), X)  # no keyword of its own: one argument
    with pytest.raises(ValueError, match="the model fails on the batch: TypeError"):
        step.call(model, (X, 1, 2, 3))
    with pytest.raises(ValueError, match=r"The inputs are torch\.float64, and the weights torch\.float32"):
        step.call(nn.Linear(3, 2), X.double())
    with pytest.raises(ValueError, match="the model fails on the batch: RuntimeError") as raised:
        step.call(nn.Linear(3, 2), normal(8, 4))
    assert "The inputs are" not in str(raised.value)


@pytest.mark.parametrize(
    ("output", "found"),
    [
        (X, X),
        (SimpleNamespace(logits=X), X),
        ({"logits": X, "a": Y}, X),
        ({"a": Y, "b": X}, Y),
        ([None, (X,), Y], X),
        ("text", None),
        ((), None),
        (SimpleNamespace(logits="text"), None),
        ({"logits": "text", "b": X}, X),
    ],
)
def test_the_tensor_that_is_judged(output, found):
    assert step.first_tensor(output) is found


def test_a_loss_that_the_model_computes():
    one, other = torch.tensor(2.0), torch.tensor(3.0)
    assert step.own_loss(one) is one
    assert step.own_loss(SimpleNamespace(loss=one)) is one
    assert step.own_loss({"loss": one, "logits": X}) is one
    assert step.own_loss((one, X)) is one
    assert step.own_loss([one]) is one
    assert step.own_loss({"a": one, "b": other}) == 5.0
    assert step.own_loss({"a": one, "count": torch.tensor(7)}) == 2.0
    for none in (X, torch.ones(1), (X, one), {}, (), {"a": one, "b": X}, SimpleNamespace(loss=None), None):
        assert step.own_loss(none) is None
    assert step.loss(one, None).what == "the model's own loss"
    assert step.loss(torch.tensor(2.0, dtype=torch.float16), None).value.dtype == torch.float32
    with pytest.raises(ValueError, match="leave out targets"):
        step.loss(one, Y)


def test_a_loss_that_is_given():
    assert step.loss(X, Y, functional.cross_entropy).value == functional.cross_entropy(X, Y)
    found = step.loss(X, None, lambda out: out.sum().reshape(1))
    assert (found.value.ndim, found.chance, found.limit) == (0, None, 4.0)
    for wrong in (lambda out: 3.0, lambda out: out, lambda out: None):
        with pytest.raises(ValueError, match="the loss that was given must return one number"):
            step.loss(X, None, wrong)


def test_what_can_be_measured():
    assert step.measurable(X)
    for none in (None, "text", Y, X.to_sparse(), X.to(torch.cfloat), X.numpy()):
        assert not step.measurable(none)


def test_an_error_is_said_in_a_line():
    assert step.said(ValueError("no\nmore")) == "ValueError: no"
    assert step.said(KeyError("x" * 297)) == f"KeyError: '{'x' * 297}'"  # 299 with its quotes
    assert step.said(OSError("x" * 300)) == f"OSError: {'x' * 300}"
    assert step.said(OSError("x" * 301)) == f"OSError: {'x' * 300} …"


def same(found, value, what, chance, limit=4.0):
    assert float(found.value.detach()) == pytest.approx(float(value), rel=1e-5)
    assert found.what == what
    assert found.chance == (None if chance is None else pytest.approx(chance))
    assert found.limit == limit


def test_classes():
    same(step.loss(X, Y), functional.cross_entropy(X, Y), "cross-entropy of 3 classes", LN3)
    assert step.loss(X, Y.numpy()).value == step.loss(X, Y.tolist()).value == functional.cross_entropy(X, Y)
    left = torch.where(Y == 1, -100, Y)
    same(step.loss(X, left), functional.cross_entropy(X, left), "cross-entropy of 3 classes", LN3)
    same(step.loss(X, functional.one_hot(Y, 3)), functional.cross_entropy(X, Y), "cross-entropy of 3 classes", LN3)
    soft = torch.full((8, 3), 1 / 3)
    same(step.loss(X, soft), functional.cross_entropy(X, soft), "cross-entropy with probabilities", LN3)
    soft = normal(2, 7, 5).softmax(-1)
    words = normal(2, 7, 5) + 1
    expected = functional.cross_entropy(words.reshape(-1, 5), soft.reshape(-1, 5))
    same(step.loss(words, soft), expected, "cross-entropy with probabilities", math.log(5))
    hot = functional.one_hot(torch.arange(14).reshape(2, 7) % 5, 5)
    expected = functional.cross_entropy(words.reshape(-1, 5), torch.arange(14) % 5)
    same(step.loss(words, hot), expected, "cross-entropy of 5 classes", math.log(5))
    same(step.loss(words[:, :1], hot[:, :1]), functional.cross_entropy(words[:, 0], hot[:, 0].argmax(-1)),
         "cross-entropy of 5 classes", math.log(5))  # fmt: skip
    two = torch.arange(8) % 2
    same(step.loss(X[:, :2], functional.one_hot(two, 2)), functional.cross_entropy(X[:, :2], two),
         "cross-entropy of 2 classes", LN2)  # fmt: skip
    same(step.loss(X.softmax(1), Y), functional.cross_entropy(X, Y), "cross-entropy of 3 classes", LN3)
    images, words = normal(2, 5, 4, 6), normal(2, 7, 5)
    labels = torch.ones(2, 4, 6, dtype=torch.int64)
    same(step.loss(images, labels), functional.cross_entropy(images, labels), "cross-entropy of 5 classes", math.log(5))
    labels = torch.ones(2, 7, dtype=torch.int64)
    expected = functional.cross_entropy(words.reshape(-1, 5), labels.reshape(-1))
    same(step.loss(words, labels), expected, "cross-entropy of 5 classes", math.log(5))
    same(step.loss(words, labels.reshape(-1)), expected, "cross-entropy of 5 classes", math.log(5))
    same(step.loss(X[0], torch.tensor(1)), functional.cross_entropy(X[:1], torch.tensor([1])),
         "cross-entropy of 3 classes", LN3)  # fmt: skip


def test_yes_or_no():
    bits = (X > 0.3).float()
    expected = functional.binary_cross_entropy_with_logits(X, bits)
    same(step.loss(X, bits), expected, "binary cross-entropy", LN2)
    same(step.loss(X, bits.bool()), expected, "binary cross-entropy", LN2)
    one = torch.arange(8) % 2
    same(step.loss(X[:, :1], one), functional.binary_cross_entropy_with_logits(X[:, 0], one.float()),
         "binary cross-entropy", LN2)  # fmt: skip
    ones = torch.ones(8, 1)
    same(step.loss(X[:, :1], ones), functional.binary_cross_entropy_with_logits(X[:, :1], ones),
         "binary cross-entropy", LN2)  # fmt: skip
    raw = X.clone().requires_grad_()
    for shape in (lambda y: y, lambda y: y.unsqueeze(0).squeeze(0)):
        found = step.loss(shape(raw.sigmoid()), bits)
        same(found, expected, "binary cross-entropy of probabilities", LN2)
    assert step.loss(raw.sigmoid() * 1.0, bits).what == "binary cross-entropy"  # not the sigmoid's own output


def test_numbers():
    t = normal(8, 3) + 1
    same(step.loss(X, t), ((X - t) ** 2).mean(), "squared error", (t**2).mean(), 16.0)
    same(step.loss(X, torch.zeros(8, 3) + 0.0 * t - 0.0 + 2), ((X - 2) ** 2).mean(), "squared error", 4.0, 16.0)
    one = torch.arange(8)
    same(step.loss(X[:, :1], one), ((X[:, 0] - one) ** 2).mean(), "squared error", float((one**2).float().mean()), 16.0)
    quarter = torch.full((4,), 0.25)  # numbers that add up to 1, and no classes
    same(step.loss(X[:4, 0], quarter), ((X[:4, 0] - quarter) ** 2).mean(), "squared error", 0.0625, 16.0)
    half = X.half()
    assert step.loss(half, t.half()).value.dtype == torch.float32
    assert step.loss(X.double(), t.double()).value.dtype == torch.float64


def test_several_outputs():
    t = normal(8, 3)
    found = step.loss((X, X), (Y, t))
    expected = functional.cross_entropy(X, Y) + ((X - t) ** 2).mean()
    same(found, expected, "cross-entropy of 3 classes + squared error", LN3 + float((t**2).mean()), 16.0)
    assert step.loss([X, X], [Y, Y]).chance == pytest.approx(2 * LN3)
    assert step.loss((X, X), (torch.zeros(8, 3) - 0.0, t)).value is not None
    with pytest.raises(ValueError, match="there are 2 targets for 3 outputs"):
        step.loss((X, X, X), (Y, Y))


def random(shape):
    torch.manual_seed(0)
    return step.loss(normal(*shape), None)


@pytest.mark.parametrize(
    ("shape", "what"),
    [
        ((8, 3), "cross-entropy of 3 classes"),
        ((8, 1), "squared error"),
        ((8,), "squared error"),
        ((2, 7, 5), "cross-entropy of 5 classes"),
        ((2, 5, 4, 6), "cross-entropy of 5 classes"),
        ((2, 3, 4, 6), "squared error"),
        ((2, 1, 4, 6), "squared error"),
    ],
)
def test_random_targets_fit_the_output(shape, what):
    found = random(shape)
    assert found.what == what
    assert found.limit == (16.0 if what == "squared error" else 4.0)
    assert found.chance == (1.0 if what == "squared error" else pytest.approx(math.log(int(what.split()[2]))))


def test_random_targets_lie_around_the_mean_and_are_drawn_anew():
    torch.manual_seed(0)
    offset = step.loss(100 + 0 * normal(4096, 1), None)
    assert float(offset.value) == pytest.approx(1.0, abs=0.1)
    torch.manual_seed(0)
    # Labels that fit the outputs would have a loss near 0; those that do not, one of a few times the outputs' size.
    assert float(step.loss(10 * normal(4096, 3), None).value) == pytest.approx(8.5, abs=1.5)
    sure = step.loss(normal(64, 3).requires_grad_().sigmoid(), None)
    assert (sure.what, sure.chance) == ("binary cross-entropy of probabilities", pytest.approx(LN2))


@pytest.mark.parametrize(
    ("output", "targets", "kind", "says"),
    [
        ("text", Y, ValueError, "must be a tensor of real numbers, got str"),
        (Y, None, ValueError, r"got a tensor of torch\.int64"),
        (X[:0], None, ValueError, "is empty"),
        (X, "text", TypeError, "targets must be one tensor, an array or a list of numbers, got str"),
        (X, True, TypeError, "got bool"),
        (X, [[1], [2, 3]], ValueError, "numbers of one shape"),
        (X, X.to(torch.cfloat), ValueError, "must be real numbers"),
        (X, Y.to("meta"), ValueError, "on the device meta"),
        (X, normal(8, 2), ValueError, r"targets have shape \(8, 2\), and the output \(8, 3\)"),
        (X, Y + 1, ValueError, "must be 8 classes from 0 to 2, got 8 from 1 to 3"),
        (X, Y - 1, ValueError, "from -1 to 1"),
        (X, torch.full((8,), -100), ValueError, "all targets are -100"),
        (X, Y[:5], ValueError, r"must be 8 classes from 0 to 2, got shape \(5,\)"),
    ],
)
def test_what_cannot_be_used_is_refused(output, targets, kind, says):
    with pytest.raises(kind, match=says):
        step.loss(output, targets)


def test_numbers_of_other_kinds_are_targets_too():
    assert step.as_tensor(None) is None
    for given in (2, 2.5, np.float32(2), [1, 2], np.arange(3)):
        assert torch.equal(step.as_tensor(given), torch.as_tensor(given))


def test_integers_for_one_number_an_example_are_hit_and_not_told_apart():
    counts = torch.arange(8)
    same(step.loss(X[:, 0], counts), ((X[:, 0] - counts) ** 2).mean(), "squared error", 17.5, 16.0)
    with pytest.raises(ValueError, match="for a regression give floating-point numbers"):
        step.loss(X, torch.full((8, 3), 5))
