"""What a few steps of training make of a PyTorch model's start, on its own batch."""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from wi_docs.diagnosis import watch
from wi_docs.diagnosis.step import torch_module

if TYPE_CHECKING:
    from wi_docs.diagnosis.probe import Batch

STEPS, FEWEST = 400, 100  # as many steps as the operations allow
OPERATIONS = 5e10  # floating-point operations of a training in matrix products and convolutions; some two seconds
SECONDS = 60.0  # of a training; where it takes longer, for other reasons, it says nothing
LEARNS = 0.9
"""Share of the blind loss below which a model has learned something of its inputs. Ours."""
ENOUGH = 0.8  # share of the blind loss below which a training ends before its last step
OPTIMIZERS = ("descent", "adam")
DESCENT, ADAM = (0.1, 0.01, 0.001), (0.001, 0.003)  # rates, in the order in which they are tried
KINDS = frozenset((
    "vanishing gradient", "exploding gradient", "vanishing signal", "exploding signal", "saturated units",
    "dead units", "inputs alike", "output ignores its input", "initial loss too large",
))  # fmt: skip
"""The kinds of problems that a training may refute. The others are certain, or not about what one batch shows."""


@dataclass(frozen=True)
class Fit:
    """Losses of a model on its batch, over some steps of an optimizer.

    Attributes:
        rate: the learning rate: the first that learns, or else the one that ends lowest.
        rates: the learning rates there are to try, in this order.
        steps: the number of steps: from `FEWEST` to `STEPS`, as many as `OPERATIONS` allow; fewer if it has learned
            enough, or numbers left their format.
        before: the loss before the first step.
        after: the mean of the last three losses; infinity if numbers left their format at each rate.
        blind: the least loss of an answer that is the same for all inputs and places; None if it is not known.
        learns: whether the model has learned something of its inputs; None if that is not known.
    """

    rate: float
    rates: tuple[float, ...]
    steps: int
    before: float
    after: float
    blind: float | None
    learns: bool | None

    def __str__(self) -> str:
        """Return what was seen, as a clause."""
        rates = ", ".join(f"{rate:g}" for rate in self.rates[:-1]) + f" and {self.rates[-1]:g}"
        if not math.isfinite(self.after):
            return f"at {rates} numbers leave their format on this batch"
        blind = f"; one answer for all inputs has {self.blind:.3g} at best" if self.blind is not None else ""
        if self.learns:
            return (
                f"{self.steps} steps at {self.rate:g} bring the loss on this batch from {self.before:.3g} to "
                f"{self.after:.3g}{blind}"
            )
        return (
            f"{self.steps} steps at {rates} bring the loss on this batch from {self.before:.3g} to {self.after:.3g} at "
            f"best{blind}"
        )


def descent(model: Any, batch: Batch) -> Fit | None:
    """Return what plain gradient descent makes of a model, which comes back as it was; None if it takes too long."""
    return _tried(model, batch, torch_module().optim.SGD, DESCENT)


def adam(model: Any, batch: Batch) -> Fit | None:
    """Return what Adam makes of a model, which comes back as it was; None if it takes too long."""
    return _tried(model, batch, torch_module().optim.Adam, ADAM)


def _tried(model: Any, batch: Batch, optimizer: Callable[..., Any], rates: tuple[float, ...]) -> Fit | None:
    """Return the first training that learns, or else the one that ends lowest; None if they take too long, or fail."""
    steps = min(STEPS, int(OPERATIONS / max(_operations(model, batch), 1.0)))
    if steps < FEWEST:
        return None
    found = []
    for rate in rates:
        with watch.as_it_was(model):
            try:
                way = partial(optimizer, lr=rate)
                losses, blind = trained(model, batch, way, steps, seconds=SECONDS, enough=ENOUGH)
            except ValueError:
                return None
        learned = blind is not None and max(losses[-3:]) < ENOUGH * blind
        if len(losses) <= steps and math.isfinite(losses[-1]) and not learned:
            return None
        after = sum(losses[-3:]) / 3 if math.isfinite(losses[-1]) else math.inf
        learns = after < LEARNS * blind if blind else None
        found.append(Fit(rate, rates, len(losses) - 1, losses[0], after, blind, learns))
        if learns:
            return found[-1]
    return min(found, key=lambda fit: fit.after)


def _operations(model: Any, batch: Batch) -> float:
    """Return the number of floating-point operations of a pass forward and back, as PyTorch counts them."""
    counter = importlib.import_module("torch.utils.flop_counter").FlopCounterMode(display=False)
    with watch.as_it_was(model), counter:
        watch.watched(model, batch.inputs, batch.targets, batch.loss, hooks=False)
    return float(counter.get_total_flops())


def trained(
    model: Any,
    batch: Batch,
    optimizer: Callable[[list[Any]], Any],
    steps: int,
    *,
    seconds: float = math.inf,
    enough: float = 0.0,
) -> tuple[list[float], float | None]:
    """Train a model on its batch, and return its losses, before and after each step, and the blind loss.

    There are fewer if the time is over, if the last three are below a share `enough` of the blind loss, or if a loss is
    not finite, which is the last one then. Parameters and buffers stay as the steps have left them.

    Raises:
        ValueError: if the model fails on the batch.
    """
    taken = optimizer([p for p in model.parameters() if p.requires_grad])
    losses: list[float] = []
    blind = None
    began = time.monotonic()
    try:
        while len(losses) <= steps and (not losses or time.monotonic() - began < seconds):
            seen = watch.watched(model, batch.inputs, batch.targets, batch.loss, hooks=False)
            losses.append(float(seen.loss.value.detach()))
            blind = seen.loss.blind
            if not math.isfinite(losses[-1]) or (len(losses) > 3 and max(losses[-3:]) < enough * (blind or 0.0)):
                break
            if len(losses) <= steps:
                taken.step()
    except RuntimeError as error:  # the optimizer's own: what it does not take
        raise ValueError(f"the model cannot be trained: {error}") from error
    finally:
        for p in model.parameters():
            p.grad = None
    return losses, blind
