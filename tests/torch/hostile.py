"""Models, inputs, targets and losses that nobody should give, drawn from a seed, for `tests.hostile`."""

import numpy as np
import torch
from torch import nn

BUILT = {}  # what `build` returns next


def build():
    """Return what was drawn: it is named on the command line."""
    if isinstance(BUILT["value"], BaseException):
        raise BUILT["value"]
    return BUILT["value"]


class Odd(nn.Module):
    """A module whose output or error was drawn."""

    def __init__(self, then):
        super().__init__()
        self.inside, self.then = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3)), then

    def forward(self, x, *more, **named):
        return self.then(self.inside(x))


def _stop(_):
    raise SystemExit(0)


def _fail(_):
    raise RecursionError("deep")


THEN = (
    lambda y: None,
    lambda y: "text",
    lambda y: (),
    lambda y: [],
    lambda y: {},
    lambda y: y.detach(),
    lambda y: y.tolist(),
    lambda y: y.sum(),
    lambda y: y * float("nan"),
    lambda y: y / 0,
    lambda y: y.to(torch.complex64),
    lambda y: y.long(),
    lambda y: (y, y),
    lambda y: {"logits": y},
    lambda y: {"loss": y.mean()},
    lambda y: (y.mean(), y),
    lambda y: y[:0],
    lambda y: y[:, :1],
    lambda y: y.sigmoid(),
    lambda y: y.softmax(-1),
    lambda y: y[..., None, None],
    lambda y: y.half(),
    lambda y: y.double(),
    lambda y: iter([y]),
    lambda y: (None, y),
    lambda y: [y, [y, {"a": y}]],
    _stop,
    _fail,
    lambda y: y.to_sparse(),
    lambda y: y.flatten(),
    lambda y: y[0, 0],
    lambda y: y * 1e30,
    lambda y: y.bool(),
    lambda y: y * 0,
)


def _module(rng):
    """A model, or what is none."""
    drawn = rng.randrange(8)
    if drawn < 3:
        return Odd(rng.choice(THEN))
    if drawn == 3:
        phi = rng.choice(
            [nn.ReLU, nn.Tanh, nn.Sigmoid, nn.Identity, nn.Softmax, nn.PReLU, nn.GLU, nn.Dropout, nn.Flatten]
        )
        norm = rng.choice([nn.Identity, lambda: nn.LayerNorm(4), lambda: nn.BatchNorm1d(4), lambda: nn.GroupNorm(2, 4)])
        return nn.Sequential(nn.Linear(4, 4), norm(), phi(), nn.Linear(4 if phi is not nn.GLU else 2, 3))
    if drawn == 4:
        return rng.choice(
            [
                nn.ReLU(),
                nn.Linear(4, 1),
                nn.LazyLinear(3),
                nn.Bilinear(4, 4, 2),
                nn.Embedding(5, 3),
                nn.LSTM(4, 3),
                nn.GRUCell(4, 3),
                nn.Conv1d(4, 3, 3),
                nn.ConvTranspose2d(4, 3, 3),
                nn.MultiheadAttention(4, 2),
                nn.ParameterList([torch.ones(3, 4)]),
                nn.ModuleList([nn.Linear(4, 3)]),
                nn.Transformer(4, 2, 1, 1, 8),
                nn.Linear(0, 3),
                nn.Linear(4, 0),
                nn.Identity(),
            ]
        )
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
    with torch.no_grad():
        spoil = rng.choice(
            [
                lambda p: p.fill_(float("nan")),
                lambda p: p.zero_(),
                lambda p: p.fill_(1e38),
                lambda p: p.fill_(0.1),
                lambda p: p.mul_(1e20),
                lambda p: p.requires_grad_(False),
                lambda p: p.flatten()[:1].fill_(float("inf")),
                lambda p: p.mul_(1e-30),
            ]
        )
        for p in rng.sample(list(model.parameters()), rng.randrange(1, 5)):
            spoil(p)
    if drawn == 5:
        return model.to(rng.choice([torch.float16, torch.bfloat16, torch.float64, torch.float32]))
    if drawn == 6:
        return rng.choice(
            [
                model,
                model.eval(),
                model.to("meta"),
                nn.utils.weight_norm(nn.Linear(4, 3)),
                nn.utils.parametrizations.spectral_norm(nn.Linear(4, 3)),
            ]
        )
    return rng.choice([None, 3, "model", [], {}, torch.ones(3), lambda x: x, nn.Linear, model])


def _inputs(rng):
    """A batch, or what is none."""
    return rng.choice(
        [
            None,
            None,
            torch.randn(8, 4),
            torch.randn(1, 4),
            torch.randn(0, 4),
            torch.randn(8, 5),
            torch.ones(8, 4, dtype=torch.long),
            torch.randn(4),
            torch.randn(8, 4) * 1e30,
            torch.full((8, 4), float("nan")),
            (torch.randn(8, 4),),
            {"x": torch.randn(8, 4)},
            {"y": torch.randn(8, 4)},
            [torch.randn(8, 4)],
            "text",
            3,
            np.ones((8, 4)),
            torch.zeros(8, 4),
            torch.randn(8, 4, dtype=torch.cfloat),
            (),
            {},
            {1: 2},
            torch.randn(8, 4).to_sparse(),
            torch.ones(8, 4, device="meta"),
        ]
    )


def _targets(rng):
    """Targets, a loss, or what is neither."""
    return rng.choice(
        [
            None,
            torch.arange(8) % 3,
            torch.arange(8),
            torch.full((8,), -100),
            torch.full((8,), -1),
            torch.randn(8, 3),
            torch.eye(3)[torch.arange(8) % 3],
            torch.randn(8),
            torch.ones(8, 3, dtype=torch.bool),
            [0, 1, 2],
            [[1], [2, 3]],
            "text",
            3.5,
            np.arange(8) % 3,
            (torch.randn(8, 3),) * 2,
            (),
            torch.full((8, 3), float("nan")),
            torch.tensor([]),
            torch.randn(8, 3, dtype=torch.cfloat),
            torch.arange(8).to("meta"),
            {"a": 1},
            True,
            lambda out: 3,
            lambda out, y: out.sum(),
            lambda *a: None,
            lambda *a: 1 / 0,
            object(),
        ]
    )


def arguments(rng):
    """Draw what `build` returns, and return the arguments of a command that names it."""
    torch.manual_seed(rng.randrange(2**31))
    parts = [
        _module(rng),
        _inputs(rng),
        _targets(rng),
        rng.choice([None, None, None, lambda out, y: (out - y).mean(), 5]),
    ]
    whole = rng.randrange(10)
    BUILT["value"] = parts[0] if whole == 0 else tuple(parts[: rng.randrange(1, 5)])
    if whole == 1:
        BUILT["value"] = dict(zip(("model", "inputs", "targets", rng.choice(["loss", "more", 3])), parts, strict=True))
    if whole == 2 and rng.random() < 0.3:
        BUILT["value"] = rng.choice([ValueError("no"), SystemExit(1), KeyError("x"), (), tuple(parts) * 2])
    target = "tests.torch.hostile:build"
    if rng.random() < 0.05:
        target = rng.choice(
            [
                "",
                ":",
                "a",
                "tests.torch.hostile:",
                ":build",
                "tests.torch.hostile:none",
                "no such:x",
                "json:dumps",
                "..:x",
                "☃:☃",
            ]
        )
    found = ["--torch", target]
    for words in (
        ["--steps", rng.choice(["1", "0", "-1", "x"])],
        ["--rate", rng.choice(["0.1", "0", "1e308", "nan"])],
        ["--input", rng.choice(["4", "3,4", "0", "x", "-1"])],
        ["--batch", rng.choice(["2", "1", "0"])],
        ["--json"],
        ["--all"],
        ["--widths", "3,4"],
    ):
        if rng.random() < 0.12:
            found += words
    return found
