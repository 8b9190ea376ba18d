"""What people reported: false alarms, misses and refusals, each with what is right for it."""

import json
import math

import jsonschema
import pytest
import torch

from tests.torch import reported
from wi_docs.diagnosis import step
from wi_docs.diagnosis.probe import load, probe
from wi_docs.diagnosis.report import plain, text
from wi_docs.diagnosis.schema import schema

HERE = "tests.torch.reported"
VALIDATOR = jsonschema.Draft202012Validator(schema())


@pytest.mark.parametrize("name", reported.GOOD)
def test_no_false_alarm(name):
    model, inputs, targets, loss = load(f"{HERE}:{name}")
    found = probe(model, inputs, targets, loss=loss)
    assert found.ok, found.verdict
    VALIDATOR.validate(json.loads(json.dumps(plain(found), allow_nan=False)))


@pytest.mark.parametrize("name", reported.BAD)
def test_no_miss(name):
    model, inputs, targets, loss = load(f"{HERE}:{name}")
    found = probe(model, inputs, targets, loss=loss)
    assert not found.ok
    assert found.problems[0].kind in reported.BAD[name][1]
    assert found.verdict in text(found)
    VALIDATOR.validate(json.loads(json.dumps(plain(found), allow_nan=False)))


def test_a_transposed_convolution_has_the_fan_in_of_its_inputs():
    model, inputs = reported.transposed()
    sigmas = [row.sigma_w for row in probe(model, inputs, advise=False).rows[:6]]
    assert sigmas == pytest.approx([math.sqrt(2)] * 6, rel=0.1)


def test_weights_that_are_computed_are_those_that_multiply():
    plain = [row.sigma_w for row in probe(reported.deep(lambda layer: layer), advise=False).rows]
    normed = [row.sigma_w for row in probe(reported.weight_norm(), advise=False).rows]
    assert normed == pytest.approx(plain, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "what", "chance"),
    [
        ("binary", "binary cross-entropy of probabilities", math.log(2)),
        ("prior_bias", "binary cross-entropy", math.log(2)),
        ("segmentation", "cross-entropy of 5 classes", math.log(5)),
        ("keywords_with_labels", "the model's own loss", None),
        ("a_loss_of_its_own", "the loss that was given", None),
        ("left_out_labels", "cross-entropy of 10 classes", math.log(10)),
    ],
)
def test_the_loss_is_the_readers(name, what, chance):
    model, inputs, targets, loss = load(f"{HERE}:{name}")
    found = probe(model, inputs, targets, loss=loss)
    assert found.what == what
    assert found.chance == (None if chance is None else pytest.approx(chance))


def test_losses_are_those_of_pytorch():
    functional = torch.nn.functional
    y, x = torch.arange(8) % 3, reported.normal(8, 3)
    left = torch.where(y == 1, -100, y)
    assert step.loss(x, left).value == functional.cross_entropy(x, left)
    assert step.loss(x, functional.one_hot(y, 3)).value == functional.cross_entropy(x, y)
    assert step.loss(x.softmax(1), y).value == pytest.approx(float(functional.cross_entropy(x, y)), rel=1e-5)
    bits = (x > 0.3).float()
    assert step.loss(x, bits).value == functional.binary_cross_entropy_with_logits(x, bits)
    z, classes = reported.normal(2, 5, 4, 6), torch.ones(2, 4, 6, dtype=torch.int64)
    assert step.loss(z, classes).value == pytest.approx(float(functional.cross_entropy(z, classes)), rel=1e-5)


@pytest.mark.parametrize("name", ["lstm_of_a_hundred_steps", "one_nan", "raw_pixels", "one_loud_layer", "weight_norm"])
def test_the_code_of_a_cure_cures(name):
    """The lines to paste, run on a fresh model: what was found is gone."""
    model, inputs, *_ = load(f"{HERE}:{name}")
    kind = probe(model, inputs, advise=False).problems[0].kind
    code = probe(model, inputs).cure.code
    names = {"model": model, "torch": torch, "inputs": inputs}
    exec(code, names)
    assert kind not in [problem.kind for problem in probe(model, names["inputs"], advise=False).problems]


def test_the_model_comes_back_after_trials():
    model, inputs, *_ = load(f"{HERE}:one_loud_layer")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert probe(model, inputs).cure is not None
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
