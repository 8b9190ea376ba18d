"""The real hooks on real models: `make test-torch`, where PyTorch is installed. Every other test does without."""

import copy
import math
import time

import pytest
import torch
from torch import nn

from tests.torch import models
from wi_docs.__main__ import main
from wi_docs.diagnosis import probe as probes
from wi_docs.diagnosis.probe import probe
from wi_docs.diagnosis.report import text

BAD = {
    models.plain: ("output ignores its input", "vanishing gradient"),
    models.constant: ("equal units", "output ignores its input"),
    models.dead: ("dead layer",),
    models.half: ("overflow",),
}
GOOD = (models.he, models.resnet, models.transformer)


def look(build, **options):
    built = build()
    model, inputs = built if isinstance(built, tuple) else (built, None)
    return probe(model, inputs, **options)


@pytest.mark.parametrize("build", BAD, ids=lambda build: build.__name__)
def test_a_bad_start_is_named_and_can_be_mended(build):
    found = look(build)
    assert {problem.kind for problem in found.problems} >= set(BAD[build])
    assert "Good." in found.advice
    assert found.verdict in text(found)


@pytest.mark.parametrize("build", GOOD, ids=lambda build: build.__name__)
def test_a_good_start_is_good(build):
    found = look(build)
    assert found.ok, found.verdict


def test_the_default_of_pytorch_loses_a_factor_of_the_root_of_six_a_layer():
    rows = look(models.plain).rows
    factor = (rows[0].gradient / rows[19].gradient) ** (1 / 19)
    assert factor == pytest.approx(6**-0.5, rel=0.05)


def test_gradients_are_those_of_autograd():
    model = models.plain(3)
    x, y = torch.randn(8, 64), torch.arange(8)
    found = probe(model, x, y)
    kept, a = [], x
    for layer in model:
        a = layer(a)
        a.retain_grad()
        kept.append(a)
    loss = nn.functional.cross_entropy(a, y)
    loss.backward()
    assert found.loss == pytest.approx(float(loss.detach()))
    assert found.chance == pytest.approx(math.log(10))
    for row, z in zip(found.rows, kept[::2], strict=True):
        assert row.gradient == pytest.approx(float(z.grad.norm()), rel=1e-5)
        assert row.signal == pytest.approx(float(z.detach().square().mean().sqrt()), rel=1e-5)
    weight = model[2].weight
    expected = float(weight.grad.square().mean().sqrt() / weight.detach().square().mean().sqrt())
    assert found.rows[1].weight_gradient == pytest.approx(expected, rel=1e-5)
    off = kept[0].detach() <= 0
    assert found.rows[0].saturated == pytest.approx(float(off.float().mean()))
    assert found.rows[0].dead == pytest.approx(float(off.all(dim=0).float().mean()))


def state(model):
    """Everything that a look could have changed."""
    return {
        "tensors": copy.deepcopy(model.state_dict()),
        "grads": {name: None if p.grad is None else p.grad.clone() for name, p in model.named_parameters()},
        "identity": [id(p) for p in model.parameters()]
        + [id(p.grad) for p in model.parameters() if p.grad is not None],
        "modes": [module.training for module in model.modules()],
        "hooks": [
            (len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks), len(m._backward_pre_hooks))
            for m in model.modules()
        ],
        "random": torch.get_rng_state(),
    }


def same(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return a == b


@pytest.mark.parametrize("build", [models.he, models.dead, models.resnet, models.transformer], ids=lambda b: b.__name__)
def test_the_model_comes_back_as_it_was(build):
    built = build()
    model, inputs = built if isinstance(built, tuple) else (built, None)
    next(model.modules()).eval()
    list(model.modules())[-1].train()
    parameter = next(model.parameters())
    parameter.grad = torch.ones_like(parameter)
    model.register_forward_hook(lambda *_: None)
    before = state(model)
    probe(model, inputs, steps=2)
    after = state(model)
    for key in before:
        assert same(before[key], after[key]), key


def test_it_comes_back_as_it_was_when_it_fails():
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(5, 2))
    x = torch.randn(8, 4)
    before = state(model)
    with pytest.raises(ValueError, match="fails on the batch: RuntimeError: mat1 and mat2"):
        probe(model, x)
    assert all(same(before[key], value) for key, value in state(model).items())


def test_steps_move_weights_and_lower_the_loss():
    found = probe(models.plain(3, he=True), torch.randn(8, 64), torch.arange(8), steps=20, rate=0.05)
    assert found.loss_after < found.loss
    assert all(0 < row.update < 1 for row in found.after)
    assert all(row.update is None for row in found.rows)


# What cannot be used, and what can although it looks so


class Step(nn.Module):
    def __init__(self, forward):
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.step = forward

    def forward(self, x):
        return self.step(self.layer, x)


def detached(layer, x):
    return layer(x).detach()


def overwritten(layer, x):
    a = torch.sigmoid(layer(x))
    b = a * a
    a += 1.0
    return b


def words(layer, x):
    return "no tensor"


def missing(layer, x):
    return layer(x).nothing


def frozen():
    return nn.Sequential(nn.Linear(4, 2)).requires_grad_(False)


REFUSED = [
    (lambda: Step(detached), "depends on no trainable parameter"),
    (lambda: Step(overwritten), "the backward pass fails: .*An in-place operation has overwritten"),
    (lambda: Step(words), "output must be a tensor of real numbers, got str"),
    (lambda: Step(missing), "fails on the batch: AttributeError"),
    (frozen, "no trainable parameter: requires_grad is False"),
    (lambda: nn.Sequential(nn.ReLU()), "no parameters"),
    (lambda: nn.Sequential(nn.LazyLinear(3)), "lazy parameters"),
    (lambda: nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 2)), "say --input"),
]


@pytest.mark.parametrize(("build", "says"), REFUSED)
def test_refusal(build, says):
    model = build()
    inputs = None if "input" in says or ("parameter" in says and "depends" not in says) else torch.randn(8, 4)
    with pytest.raises(ValueError, match=says):
        probe(model, inputs)


def test_targets_that_do_not_fit():
    model = nn.Linear(4, 3)
    with pytest.raises(ValueError, match="8 classes from 0 to 2"):
        probe(model, torch.randn(8, 4), torch.full((8,), 3))
    with pytest.raises(ValueError, match="targets have shape"):
        probe(model, torch.randn(8, 4), torch.randn(8, 2))


def test_in_place_activations_are_seen_like_others():
    def build(inplace):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(8, 16), nn.ReLU(inplace=inplace), nn.Linear(16, 3))

    x, y = torch.randn(8, 8), torch.zeros(8, dtype=torch.int64)
    apart, within = (probe(build(inplace), x, y) for inplace in (False, True))
    assert within.rows == apart.rows
    assert within.rows[0].saturated is not None


def test_functions_are_seen_like_modules():
    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.a, self.b = nn.Linear(8, 16), nn.Linear(16, 3)

        def forward(self, x):
            return self.b(self.a(x).tanh())

    found = probe(Functional(), torch.randn(8, 8))
    assert found.rows[0].activation == "tanh"
    assert found.rows[1].activation is None


def test_shared_and_frozen_layers_are_named():
    layer = nn.Linear(8, 8)
    tied = nn.Linear(8, 8)
    tied.weight = layer.weight
    model = nn.Sequential(nn.Linear(8, 8).requires_grad_(False), layer, nn.ReLU(), layer, tied, nn.Linear(8, 3))
    found = probe(model)
    assert [row.name for row in found.rows] == ["0", "1 (call 1)", "1 (call 2)", "4", "5"]
    assert "Frozen: 0." in found.notes
    assert any("Called more than once" in note for note in found.notes)
    assert "Shared: 1.weight = 3.weight = 4.weight, 1.bias = 3.bias." in found.notes


@pytest.mark.filterwarnings("ignore:.*")
def test_command_line(capsys, tmp_path, monkeypatch):
    assert main(["diagnose", "--torch", "tests.torch.models:plain"]) == 1
    assert "Bad: output ignores its input." in capsys.readouterr().out
    assert main(["diagnose", "--torch", "tests.torch.models:he", "--json"]) == 0
    for target, says in (
        ("nothing", "package.module:build"),
        ("no_such_module:f", "ModuleNotFoundError"),
        ("tests.torch.models:no", "AttributeError"),
        ("math:sqrt", "TypeError"),
        ("tests.torch.models:Residual.__doc__.upper", "must return a torch.nn.Module"),
    ):
        assert main(["diagnose", "--torch", target]) == 2
        assert says in capsys.readouterr().err
    assert main(["diagnose", "--torch", "tests.torch.models:he", "--widths", "3,4"]) == 2
    assert "leave out widths" in capsys.readouterr().err


# How long it takes


@pytest.mark.parametrize("build", [models.wide, models.resnet, models.transformer], ids=lambda b: b.__name__)
def test_a_look_takes_at_most_half_as_long_again_as_a_pass(build):
    """One look against one plain forward and backward pass on one core, measured in turns; processor time, the best of each."""
    built = build()
    model, inputs = built if isinstance(built, tuple) else (built, probes.standard_inputs(built))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    bare, hooked = [], []
    for _ in range(7):
        for times, hooks in ((bare, False), (hooked, True)):
            began = time.process_time()
            probes._watched(model, (inputs,), None, hooks=hooks)
            times.append(time.process_time() - began)
    torch.set_num_threads(threads)
    print(f"\n{build.__name__}: {min(bare):.3f} s, with hooks {min(hooked) / min(bare):.2f} times that")
    assert min(hooked) < 1.5 * min(bare)
