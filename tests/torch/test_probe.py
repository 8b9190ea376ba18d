"""The real hooks on real models: `make test-torch`, where PyTorch is installed. Every other test does without."""

import copy
import itertools
import math
import time

import numpy as np
import pytest
import torch
from torch import nn

from tests.torch import models
from tests.torch.reported import Scaled
from wi_docs.__main__ import main
from wi_docs.diagnosis import fit
from wi_docs.diagnosis import probe as probes
from wi_docs.diagnosis.networks import Spec, build, diagnose
from wi_docs.diagnosis.probe import probe
from wi_docs.diagnosis.report import text
from wi_docs.diagnosis.watch import watched

BAD = {
    models.plain: ("output ignores its input", "vanishing gradient"),
    models.constant: ("equal units",),
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
    """Return everything of a model that a probe could change, and PyTorch's random state."""
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
    # Modes that differ between modules, a gradient, and a hook of the user's own.
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


def test_steps_that_leave_the_numbers_are_a_note_and_no_share_is_0():
    found = probe(models.plain(3, he=True), torch.randn(8, 64), torch.arange(8), steps=3, rate=1e6)
    assert not math.isfinite(found.loss_after)
    assert "The steps left the range of the numbers: after them the loss is nan." in found.notes
    assert all(math.isnan(row.signal) for row in found.after)
    assert all(math.isnan(row.saturated) and math.isnan(row.dead) for row in found.after[:-1])


# A description and the same network as a model

DEEP = (64, *[128] * 20, 10)
DESCRIPTIONS = {
    "PyTorch's default": Spec(DEEP, scheme="pytorch_linear"),
    "He's scale": Spec(DEEP, scheme="he_normal"),
    "twice He's scale": Spec(DEEP, scheme="he_normal", gain=2.0),
    "a sigmoid": Spec(DEEP, activation="sigmoid", scheme="glorot_normal"),
    "large tanh": Spec(DEEP, activation="tanh", scheme="lecun_normal", gain=4.0),
    "large biases": Spec(DEEP, activation="tanh", scheme="lecun_normal", sigma_b=3.0),
    "two layers of constants": Spec((64, *[128] * 4, 10), scheme="he_normal"),
    "a small last layer": Spec((17, 64, 64, 6), activation="tanh", sigma_w=(1.4, 1.4, 0.005)),
    "a layer of zeros": Spec((64, *[128] * 4, 10), activation="tanh", sigma_w=(1.0, 1.0, 1.0, 1.0, 0.0)),
}
# The kinds that both judge. Only a description has the spread over draws and the number format, only a model a loss.
BOTH = ("vanishing gradient", "exploding gradient", "saturated units", "equal units", "inputs alike")
NAMES = {"output ignores its input": "inputs alike"}  # of a model, and of a description


EXPECTED = {
    "PyTorch's default": {"vanishing gradient", "inputs alike"},
    "twice He's scale": {"exploding gradient"},
    "a sigmoid": {"vanishing gradient", "inputs alike"},
    "large tanh": {"exploding gradient", "saturated units"},
    "large biases": {"vanishing gradient", "saturated units", "inputs alike"},
    "two layers of constants": {"equal units"},
}


def drawn(name):
    """Return a network that is drawn by the description."""
    net = build(DESCRIPTIONS[name])
    if name == "two layers of constants":
        net.W[2][:] = net.W[3][:] = 0.01
    return net


def as_a_model(spec, net):
    """Return the same network as a PyTorch model, with a linear layer at each even place and activations between."""
    hidden, parts = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}[spec.activation], []
    for W, b in zip(net.W, net.b, strict=True):
        layer = nn.Linear(*W.shape, dtype=torch.float64)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(W.T))
            layer.bias.copy_(torch.from_numpy(b))
        parts += [layer, hidden()]
    return nn.Sequential(*parts[:-1])


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_a_description_and_its_model_have_the_same_problems(name):
    spec, net = DESCRIPTIONS[name], drawn(name)
    described = diagnose(spec, weights=list(zip(net.W, net.b, strict=True)), advise=False)
    ran = probe(as_a_model(spec, net), advise=False)
    ours = {problem.kind: problem for problem in described.problems}
    theirs = {NAMES.get(problem.kind, problem.kind): problem for problem in ran.problems}
    assert set(ours) & set(BOTH) == set(theirs) & set(BOTH)
    assert (described.last_layer is None) == (ran.small_last is None)
    assert set(ours) & set(BOTH) == EXPECTED.get(name, set())
    if "equal units" in ours:
        place = 2 * (int(ours["equal units"].row.removeprefix("layer ")) - 1)
        assert theirs["equal units"].row == str(place)
        assert (
            ours["equal units"].sentence.partition(" has ")[2] == theirs["equal units"].sentence.partition(" has ")[2]
        )


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


# The backward pass of a product needs its factors, and one of them is changed in place.
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
    (lambda: nn.Sequential(nn.Bilinear(4, 4, 2), nn.Linear(2, 2)), "say --input"),
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


# What is no traceback


class Parameters(nn.Module):
    """Parameters that no module of their own holds."""

    def __init__(self):
        super().__init__()
        self.weights = nn.ParameterList([nn.Parameter(torch.randn(4, 4)) for _ in range(2)])

    def forward(self, x):
        for weight in self.weights:
            x = torch.tanh(x @ weight)
        return x


class CutOff(torch.autograd.Function):
    """A function whose backward pass gives no gradient, as a quantized layer's."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return None


class OwnError(Exception):
    """An error that only this code knows."""


def raises(layer, x):
    raise OwnError("of a kind of its own")


def leaves(layer, x):
    raise SystemExit(1)


def two_losses(layer, x):
    loss = layer(x).square().mean()
    return {"loss_box": loss, "loss_class": 2 * loss}


def in_inference():
    with torch.inference_mode():
        return nn.Sequential(nn.Linear(4, 4))


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: nn.Linear(4, 4, device="meta"), "on the meta device.*to_empty"),
        (lambda: nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4, affine=False, device="meta")), "on the meta device"),
        (lambda: torch.jit.script(nn.Linear(4, 4)), "scripted or traced"),
        (lambda: torch.jit.trace(nn.Linear(4, 4), torch.randn(8, 4)), "scripted or traced"),
        (in_inference, "made in torch.inference_mode"),
        (lambda: Step(lambda layer, x: CutOff.apply(layer(x))), "no parameter gets a gradient"),
        (lambda: Step(raises), "fails on the batch: OwnError: of a kind of its own"),
        (lambda: Step(leaves), "fails on the batch: SystemExit: 1"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*torch.jit")
def test_what_cannot_be_watched(build, says):
    with pytest.raises(ValueError, match=says):
        probe(build(), torch.randn(8, 4))


def test_several_losses_are_added():
    x = torch.randn(8, 4)
    model = Step(two_losses)
    found = probe(model, x)
    assert found.what == "the model's own loss"
    assert found.loss == pytest.approx(3 * float(model.layer(x).square().mean().detach()))


def test_parameters_that_no_module_calls_have_rows():
    found = probe(Parameters(), torch.randn(8, 4))
    assert [row.kind for row in found.rows] == ["Parameter"] * len(found.rows)
    assert found.rows


def test_an_empty_batch():
    with pytest.raises(ValueError, match="output is empty"):
        probe(nn.Linear(4, 4), torch.randn(0, 4))
    with pytest.raises(ValueError, match="output is empty"):
        probe(nn.Linear(4, 4), torch.randn(0, 4), torch.zeros(0, dtype=torch.int64))


def test_targets_that_are_no_tensor():
    torch.manual_seed(0)
    model, x, y = nn.Linear(4, 3), torch.randn(8, 4), torch.arange(8) % 3
    loss = probe(model, x, y).loss
    for same in (y.numpy(), y.tolist(), y.numpy().astype(np.uint8)):
        assert probe(model, x, same).loss == loss
    values = torch.randn(8, 3)
    assert probe(model, x, values.tolist()).loss == pytest.approx(probe(model, x, values).loss)
    for wrong, kind, says in (
        ((y, values), ValueError, "2 targets for 1 outputs"),
        ({"y": y}, TypeError, "got dict"),
        ([[1], [2, 3]], ValueError, "numbers of one shape"),
        (np.array(["a"] * 8), ValueError, "numbers of one shape"),
        (values.to(torch.complex64), ValueError, "must be real numbers"),
        (torch.zeros(8, device="meta"), ValueError, "on the device meta"),
    ):
        with pytest.raises(kind, match=says):
            probe(model, x, wrong)


def test_a_model_that_returns_its_loss():
    model = Step(lambda layer, x: nn.functional.cross_entropy(layer(x), torch.arange(len(x)) % 4))
    x = torch.randn(8, 4)
    found = probe(model, x)
    assert found.loss == pytest.approx(float(model(x).detach()))
    assert (found.chance, found.output_correlation) == (None, None)
    assert text(found)
    with pytest.raises(ValueError, match="leave out targets"):
        probe(model, x, torch.arange(8) % 4)


def test_a_module_that_returns_one_number():
    class Temperature(nn.Module):
        def __init__(self):
            super().__init__()
            self.log = nn.Parameter(torch.tensor(2.6))

        def forward(self):
            return self.log.exp()

    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.temperature = nn.Linear(4, 4), Temperature()

        def forward(self, x):
            return self.temperature() * self.layer(x)

    row = probe(Scaled(), torch.randn(8, 4)).rows[0]
    assert row.signal == pytest.approx(math.exp(2.6))
    assert row.correlation is None
    assert row.gradient > 0.0


# Factors of 0, and outputs with something in common


class Lora(nn.Module):
    """A frozen layer and two small ones beside it, of which the last starts at 0."""

    def __init__(self, inputs, outputs, *, both=False):
        super().__init__()
        self.base = nn.Linear(inputs, outputs).requires_grad_(False)
        self.a, self.b = nn.Linear(inputs, 4, bias=False), nn.Linear(4, outputs, bias=False)
        nn.init.zeros_(self.b.weight)
        if both:
            nn.init.zeros_(self.a.weight)

    def forward(self, x):
        return self.base(x) + 2 * self.b(self.a(x))


def lora(**options):
    torch.manual_seed(0)
    return nn.Sequential(
        Lora(64, 64, **options), nn.ReLU(), Lora(64, 64, **options), nn.ReLU(), Lora(64, 10, **options)
    )


class Branch(nn.Module):
    """A residual branch behind a factor of 0: a gate, the last gamma, or zero convolutions in a row."""

    def __init__(self, kind, width=32):
        super().__init__()
        self.inner = nn.Linear(width, width)
        self.norm = nn.BatchNorm1d(width) if kind == "gamma" else nn.Identity()
        self.gate = nn.Parameter(torch.zeros(())) if kind == "gate" else None
        count = {"one": 1, "two": 2}.get(kind, 0)
        self.last = nn.Sequential(*(nn.Linear(width, width) for _ in range(count)))
        for parameter in self.last.parameters():
            nn.init.zeros_(parameter)
        if kind == "gamma":
            nn.init.zeros_(self.norm.weight)

    def forward(self, x):
        out = self.last(self.norm(torch.tanh(self.inner(x))))
        return x + (out if self.gate is None else self.gate * out)


def residual(kind, *, head=False):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(16, 32), *(Branch(kind) for _ in range(3)), nn.Linear(32, 10))
    if head:
        nn.init.zeros_(model[-1].weight)
    return model


def zero_head(*, bias=0.0):
    model = models.plain(4, he=True)
    nn.init.zeros_(model[-1].weight)
    nn.init.constant_(model[-1].bias, bias)
    return model


def learns(model, steps=8):
    """Whether every trained matrix of the model has moved after some steps of gradient descent."""
    model = copy.deepcopy(model)
    inputs = probes.standard_inputs(model) if not isinstance(model[0], Lora) else torch.randn(32, 64)
    start = {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad and p.ndim > 1}
    for _ in range(steps):
        loss = nn.functional.cross_entropy(model(inputs), torch.arange(32) % 10)
        loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                if p.grad is not None:
                    p -= 0.1 * p.grad
        model.zero_grad()
    return all(not torch.equal(dict(model.named_parameters())[name], value) for name, value in start.items())


@pytest.mark.parametrize(
    ("build", "moves"),
    [
        (lora, True),
        (lambda: lora(both=True), False),
        (lambda: residual("gamma"), True),
        (lambda: residual("gate"), True),
        (lambda: residual("one"), True),
        (lambda: residual("two"), False),
        (lambda: residual("one", head=True), True),
        (lambda: residual("gate", head=True), True),
        (zero_head, True),
        (lambda: zero_head(bias=-4.6), True),
    ],
)
def test_one_factor_of_0_is_a_note_and_two_are_bad(build, moves):
    """What is called bad is what does not move in training."""
    model = build()
    assert learns(model) == moves
    before = copy.deepcopy(model.state_dict())
    found = probe(model, torch.randn(32, 64) if isinstance(model[0], Lora) else None)
    assert same(before, model.state_dict())
    assert found.ok == moves, found.verdict
    assert bool(found.waiting) == moves
    assert any("No gradient comes back to" in note and "on trial" in note for note in found.notes) == moves
    assert bool(found.zeros) >= moves
    assert text(found)
    if not moves:
        assert found.problems[0].kind == "no gradient"


def test_a_network_of_zeros_is_bad():
    for phi in (nn.ReLU, nn.Tanh):
        model = nn.Sequential(nn.Linear(16, 32), phi(), nn.Linear(32, 32), phi(), nn.Linear(32, 10))
        for parameter in model.parameters():
            nn.init.zeros_(parameter)
        found = probe(model)
        assert not found.ok
        assert "Good." in found.advice


def test_steps_go_on_from_where_the_look_began():
    """Looking ahead does not change what steps do."""
    model = zero_head()
    x, y = torch.randn(32, 64), torch.arange(32) % 10
    found = probe(model, x, y, steps=1, rate=0.5)
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    with torch.no_grad():
        for p in model.parameters():
            p -= 0.5 * p.grad
    assert found.loss_after == pytest.approx(float(nn.functional.cross_entropy(model(x), y).detach()))


def test_a_vanishing_gradient_is_seen_behind_a_head_of_zeros():
    model = models.plain()
    nn.init.zeros_(model[-1].weight)
    assert "vanishing gradient" in [problem.kind for problem in probe(model).problems]


def test_advice_leaves_what_is_frozen_and_what_leaves_0_by_itself(monkeypatch):
    for name in ("descent", "adam"):
        monkeypatch.setattr(fit, name, lambda *_: None)  # trains on trial, and moves what it may
    model = models.plain()
    model[2].requires_grad_(False)
    nn.init.zeros_(model[-1].weight)
    seen = []

    def remember(module, *_):
        seen.append(module.weight.detach().clone())

    frozen, head = model[2], model[-1]
    kept = {frozen: frozen.weight.detach().clone(), head: torch.zeros_like(head.weight)}
    for module in (frozen, head):
        module.register_forward_hook(remember)
    bias = frozen.bias.detach().clone()
    found = probe(model)
    assert "but those that are frozen or start at 0 and leave it" in found.advice
    assert all(torch.equal(value, kept[frozen]) for value in seen if value.shape == frozen.weight.shape)
    assert (
        max(float(value.abs().max()) for value in seen if value.shape == head.weight.shape) <= 0.03
    )  # moved on trial, and by twenty steps of Adam at 0.001; He's scale has entries of 0.2
    assert torch.equal(frozen.bias, bias)


def test_a_small_last_layer_is_a_note():
    def policy(hidden=2, gain=2**0.5):
        torch.manual_seed(0)
        sizes = [17, *[64] * hidden]
        layers = [part for n, m in itertools.pairwise(sizes) for part in (nn.Linear(n, m), nn.Tanh())]
        model = nn.Sequential(*layers, nn.Linear(64, 6))
        for k, module in enumerate(model):
            if isinstance(module, nn.Linear):
                nn.init.orthogonal_(module.weight, gain if k < len(model) - 1 else 0.01)
                nn.init.zeros_(module.bias)
        return model

    found = probe(policy())
    assert found.ok, found.verdict
    assert found.small_last == pytest.approx(0.01, rel=0.5)
    assert any("The last layer multiplies the gradient by 0.0" in note for note in found.notes)
    deep = probe(policy(20, 0.5))
    assert "vanishing gradient" in [problem.kind for problem in deep.problems]
    assert deep.small_last is None


def shifted(outputs, shift, *, last=nn.Identity, collapsed=False):
    """Return a network whose outputs have an offset, a sign or a sum in common; if `collapsed`, it loses its input."""
    model = models.plain(20 if collapsed else 2, he=not collapsed)
    head = nn.Linear(256, outputs)
    with torch.no_grad():
        head.weight.mul_(0.1)
        head.bias.fill_(shift)
    return nn.Sequential(*model[:-1], head, last())


@pytest.mark.parametrize(
    ("outputs", "shift", "last"),
    [
        (1, 5.0, nn.Identity),
        (1, 0.0, nn.Sigmoid),
        (1, 0.0, nn.Softplus),
        (20, -4.6, nn.Identity),
        (10, 0.0, lambda: nn.LogSoftmax(1)),
    ],
)
def test_what_outputs_have_in_common_is_a_note(outputs, shift, last):
    found = probe(shifted(outputs, shift, last=last))
    assert found.ok, found.verdict
    assert any("What outputs have in common" in note for note in found.notes) == (outputs > 1)
    assert (found.output_correlation is None) == (outputs == 1)
    collapsed = probe(shifted(outputs, shift, last=last, collapsed=True))
    assert "output ignores its input" in [problem.kind for problem in collapsed.problems]


def test_a_last_layer_that_takes_off_what_inputs_have_in_common():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(16, 64), nn.Linear(64, 10))
    with torch.no_grad():
        # All hidden rows are nearly the same vector, and the output layer's bias subtracts what this vector gives.
        model[0].bias.fill_(100.0)
        model[1].bias.copy_(-100.0 * model[1].weight.sum(dim=1))
    found = probe(model)
    assert found.rows[0].correlation > 0.999
    assert found.ok, found.verdict


def test_zeros_of_the_whole_model_are_a_note():
    """A class token or positions that start at 0 are usual."""

    class Token(nn.Module):
        def __init__(self):
            super().__init__()
            self.token, self.layer, self.head = nn.Parameter(torch.zeros(1, 32)), nn.Linear(16, 32), nn.Linear(32, 10)

        def forward(self, x):
            return self.head(torch.relu(self.layer(x) + self.token))

    found = probe(Token(), torch.randn(32, 16))
    assert found.ok
    assert any(note.startswith("All weights 0: token. ") and "not known" in note for note in found.notes)


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
    assert [(row.module, row.call) for row in found.rows] == [("0", 1), ("1", 1), ("1", 2), ("4", 1), ("5", 1)]
    assert "Frozen: 0." in found.notes
    assert any("Called more than once" in note for note in found.notes)
    assert "Shared: 1.weight = 3.weight = 4.weight, 1.bias = 3.bias." in found.notes


@pytest.mark.filterwarnings("ignore:.*")
def test_command_line(capsys, tmp_path, monkeypatch):
    assert main(["diagnose", "--torch", "tests.torch.models:plain"]) == 1
    said = capsys.readouterr().out
    assert "\nBad for plain descent, while Adam learns this batch: output ignores its input." in said
    assert main(["diagnose", "--torch", "tests.torch.models:plain", "--quiet", "--optimizer", "adam"]) == 0
    assert main(["diagnose", "--torch", "tests.torch.models:plain", "--quiet", "--optimizer", "descent"]) == 1
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


@pytest.mark.parametrize(
    ("build", "most"),
    [(models.wide, 1.9), (models.resnet, 1.5), (models.transformer, 1.6)],
    ids=["wide", "resnet", "transformer"],
)
def test_a_look_takes_half_as_long_again_as_a_pass_and_longer_in_a_wide_network(build, most):
    """One look against one plain forward and backward pass on one core, in turns; the median of 15.

    With 32 inputs a wide network does little but read its weights and write their gradients, and a look reads both
    again.
    """
    built = build()
    model, inputs = built if isinstance(built, tuple) else (built, probes.standard_inputs(built))
    threads = torch.get_num_threads()
    # On one core, so that processor time is time.
    torch.set_num_threads(1)
    bare, hooked = [], []
    for _ in range(15):
        for times, hooks in ((bare, False), (hooked, True)):
            began = time.process_time()
            watched(model, inputs, None, hooks=hooks)
            times.append(time.process_time() - began)
    torch.set_num_threads(threads)
    # In pairs, so that both are measured at one speed of a shared machine.
    ratio = np.median(np.divide(hooked, bare))
    print(f"\n{build.__name__}: {min(bare):.3f} s, with hooks {ratio:.2f} times that")
    assert ratio < most


def test_a_relu_that_gets_exactly_0_is_off():
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    nn.init.zeros_(model[0].weight)
    model[0].bias.data = torch.tensor([0.0, 1.0, -1.0])
    row = look(lambda: model, advise=False).rows[0]
    assert [row.saturated, row.dead] == pytest.approx([2 / 3, 2 / 3])


def test_advice_is_for_the_activation_that_most_layers_have():
    torch.manual_seed(0)
    parts = [nn.Linear(32, 64), nn.Tanh()]
    for _ in range(15):
        parts += [nn.Linear(64, 64), nn.ReLU()]
    found = look(lambda: nn.Sequential(*parts, nn.Linear(64, 10)))
    assert "normal weights of deviation 1.41/sqrt(fan_in) (for relu, its gain, 1.41)" in found.advice


def test_one_number_an_example_is_no_class():
    class Flat(nn.Linear):
        def forward(self, x):
            return super().forward(x).squeeze(-1)

    model = Flat(4, 1)
    nn.init.zeros_(model.weight)
    nn.init.constant_(model.bias, 3.0)
    found = probe(model, torch.randn(64, 4), advise=False)
    assert found.what == "squared error"
    assert found.loss == pytest.approx(1.0, abs=0.5)  # of standard normal targets around the outputs' mean


def test_a_tenth_is_a_small_scale_in_single_precision():
    for scale, small in ((0.1, True), (0.11, False), (1e-5, True), (0.0, False)):
        assert bool(probes._small_scales(Scaled(scale))) == small
