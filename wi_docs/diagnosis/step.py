"""The reader's own step: a model is called with a batch as its author calls it, and gives one loss.

What a batch and targets may be stands in the docstrings of `call` and `loss`. Nothing that is given is left out: what
cannot be used is refused.
"""

from __future__ import annotations

import importlib
import inspect
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

RAISED = (Exception, SystemExit)  # a reader's code may raise anything, and may call sys.exit
SAID = 300  # characters of an error's message: PyTorch lists all its backends in some
IGNORED = -100  # the class that PyTorch's cross-entropy and the transformers library leave out


def torch_module() -> Any:
    """Import PyTorch, if it is not imported yet, and return the module.

    Raises:
        ValueError: if it is not installed.
    """
    try:
        return sys.modules.get("torch") or importlib.import_module("torch")
    except ImportError:
        raise ValueError("--torch needs PyTorch: pip install 'wi_docs[torch]', or pip install torch") from None


@dataclass(frozen=True)
class Loss:
    """The loss of a batch.

    Attributes:
        value: the loss, a tensor of one number.
        what: what it is, in words.
        chance: the loss of a model that knows nothing; None if it is not known.
        limit: the multiple of chance above which the output is too loud.
        blind: the least loss of an answer that is the same for all inputs and places; None if it is not known.
    """

    value: Any
    what: str
    chance: float | None = None
    limit: float = 4.0
    blind: float | None = None


def call(model: Any, inputs: Any) -> Any:
    """Return the model's output for a batch, which is whatever its `forward` takes.

    A tuple holds its arguments, a dictionary its keyword arguments; a dictionary whose keys it does not take is handed
    over as one argument.

    Raises:
        ValueError: if the model fails on the batch.
    """
    try:
        if isinstance(inputs, Mapping):
            if _takes(model, inputs):
                return model(**inputs)
            return model(inputs)
        return model(*inputs) if isinstance(inputs, tuple) else model(inputs)
    except RAISED as error:
        hint = ""
        if "must have the same dtype" in str(error) or "expected scalar type" in str(error):
            kinds = sorted({str(t.dtype) for t in _tensors(inputs)})
            hint = f". The inputs are {' and '.join(kinds)}, and the weights {next(model.parameters()).dtype}"
        raise ValueError(f"the model fails on the batch: {said(error)}{hint}") from error


def _takes(model: Any, inputs: Mapping[Any, Any]) -> bool:
    """Return whether the model's `forward` takes the entries of a dictionary as keyword arguments."""
    try:
        inspect.signature(model.forward).bind(**{str(key): value for key, value in inputs.items()})
    except (TypeError, ValueError):
        return False
    return True


def _tensors(value: Any) -> list[Any]:
    """Return the tensors in a batch or an output, in their order, however they are nested."""
    if isinstance(value, torch_module().Tensor):
        return [value]
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [tensor for item in value for tensor in _tensors(item)]
    return []


def first_tensor(output: Any) -> Any:
    """Return the tensor in an output, or None: itself, its `logits`, or the first of several."""
    logits = output.get("logits") if isinstance(output, Mapping) else getattr(output, "logits", None)
    return next(iter(_tensors(logits) or _tensors(output)), None)


def measurable(found: Any) -> bool:
    """Return whether something is a dense tensor of real numbers, whose lengths and angles can be measured."""
    torch = torch_module()
    return isinstance(found, torch.Tensor) and found.is_floating_point() and found.layout == torch.strided


def said(error: BaseException) -> str:
    """Return an error of a reader's code or of PyTorch in a line: its kind and the beginning of its message."""
    first = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {first if len(first) <= SAID else first[:SAID] + ' …'}"


def own_loss(output: Any) -> Any:
    """Return the loss that a model computes itself, or None.

    It is one number: the output, its `loss`, the first of several outputs, or the sum of a dictionary of numbers, as
    the detection models of torchvision return.
    """
    torch = torch_module()

    def one(value: Any) -> bool:
        return isinstance(value, torch.Tensor) and value.numel() == 1 and value.ndim == 0

    if one(output):
        return output
    for found in (getattr(output, "loss", None), output.get("loss") if isinstance(output, Mapping) else None):
        if one(found):
            return found
    if isinstance(output, Mapping) and output and all(one(value) for value in output.values()):
        return sum(value for value in output.values() if value.is_floating_point())
    if isinstance(output, tuple | list) and output and one(output[0]):
        return output[0]
    return None


def loss(output: Any, targets: Any, given: Callable[..., Any] | None = None) -> Loss:
    """Return the loss of an output.

    Args:
        output: what the model returned: a tensor of real numbers; several tensors; an object with `logits`; or a loss.
        targets: classes, as integers or bools; numbers; or a tuple or list of those, one for each of several outputs.
            None for random ones.
        given: the reader's own loss, a function of output and targets (of the output alone without targets).

    Classes stand on the axis that PyTorch's `cross_entropy` expects, the second, or on the last, as in models of
    sequences; the shape of the targets tells which. Targets of 0 and 1 of the output's own shape are one-hot classes if
    each row has a single 1, and else independent yes-or-no answers with the binary cross-entropy. Outputs that are
    probabilities already, as behind a softmax or a sigmoid, are taken as such. Real targets of which each row is from 0
    and sums to 1 are probabilities, with the cross-entropy. All other numbers are compared by the squared error.

    Raises:
        ValueError: for an output or targets that cannot be used.
    """
    torch = torch_module()
    if given is not None:
        try:
            value = given(output) if targets is None else given(output, targets)
        except RAISED as error:
            raise ValueError(f"the loss that was given fails: {said(error)}") from error
        if not isinstance(value, torch.Tensor) or value.numel() != 1:
            raise ValueError(f"the loss that was given must return one number, got {_shown(value)}")
        return Loss(value.reshape(()).float(), "the loss that was given")
    own = own_loss(output)
    if own is not None:
        if targets is not None:
            raise ValueError("the model returns one number, which is taken for its loss: leave out targets")
        return Loss(own.float(), "the model's own loss")
    if isinstance(targets, tuple) or (
        isinstance(targets, list) and any(isinstance(item, torch.Tensor | np.ndarray) for item in targets)
    ):
        parts = _tensors(output)
        if len(parts) != len(targets):
            raise ValueError(f"there are {len(targets)} targets for {len(parts)} outputs")
        losses = [loss(part, target) for part, target in zip(parts, targets, strict=True)]
        return Loss(
            sum(part.value for part in losses),
            " + ".join(part.what for part in losses),
            _sum([part.chance for part in losses]),
            max(part.limit for part in losses),
            _sum([part.blind for part in losses]),
        )
    return _of_tensor(checked(output), as_tensor(targets))


def _sum(parts: list[float | None]) -> float | None:
    """Return the sum of some numbers, or None if one of them is not known."""
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def checked(output: Any) -> Any:
    """Return the one tensor of real numbers that an output is judged by.

    Raises:
        ValueError: if there is none, or it is empty.
    """
    found = first_tensor(output)
    if found is None or not found.is_floating_point():
        raise ValueError(f"the model's output must be a tensor of real numbers, got {_shown(output)}")
    if found.layout != torch_module().strided:
        raise ValueError(f"the model's output must be a dense tensor, got one of layout {found.layout}")
    if found.numel() == 0:
        raise ValueError("the model's output is empty: give it a batch of at least two examples")
    return found


def _shown(value: Any) -> str:
    """Return what a value is, in words: its type, and of a tensor the kind of its numbers."""
    torch = torch_module()
    return f"a tensor of {value.dtype}" if isinstance(value, torch.Tensor) else type(value).__name__


def as_tensor(given: Any) -> Any:
    """Return targets as a tensor of real numbers; None stays None.

    Raises:
        ValueError: for a ragged list, complex numbers, or a tensor without values.
        TypeError: for anything that is no tensor, array or list.
    """
    torch = torch_module()
    if isinstance(given, list | np.ndarray | np.generic | float | int) and not isinstance(given, bool):
        try:
            given = torch.as_tensor(given)
        except (TypeError, ValueError, RuntimeError) as error:
            raise ValueError(f"targets must be numbers of one shape: {error}") from None
    if given is None:
        return None
    if not isinstance(given, torch.Tensor):
        raise TypeError(f"targets must be one tensor, an array or a list of numbers, got {type(given).__name__}")
    if given.is_complex() or given.is_meta:
        raise ValueError(f"targets must be real numbers, got {given.dtype} on the device {given.device}")
    return given


def _of_tensor(output: Any, targets: Any) -> Loss:
    """Return the loss of an output that is one tensor, for targets that are one tensor or None."""
    torch = torch_module()
    y = output.float() if output.element_size() < 4 else output
    unit = _from_sigmoid(output)
    if targets is None:
        return _random(y, unit)
    targets = targets.to(y.device)
    yes_or_no = targets.shape == y.shape and bool(((targets == 0) | (targets == 1)).all())
    if yes_or_no:
        rows = y.ndim > 1 and y.shape[-1] > 1 and bool((targets.sum(-1) == 1).all())
        if rows:
            return _classes(y, targets.argmax(-1), -1)
        return _binary(y, targets, unit)
    if targets.is_floating_point():
        if targets.shape != y.shape:
            raise ValueError(f"targets have shape {tuple(targets.shape)}, and the output {tuple(output.shape)}")
        rows = y.ndim > 1 and y.shape[-1] > 1
        if rows and bool((targets >= 0).all()) and torch.allclose(targets.sum(-1), torch.ones(()).to(targets)):
            logits = _logits(y, -1)
            value = -(targets * logits.log_softmax(-1)).sum(-1).mean()
            mean = targets.reshape(-1, y.shape[-1]).mean(0)
            blind = float(torch.special.entr(mean).sum())
            return Loss(value, "cross-entropy with probabilities", math.log(y.shape[-1]), blind=blind)
        return _squared(y, targets)
    binary = y.shape[-1] == 1 and targets.numel() == y.numel()
    if binary and bool(((targets == 0) | (targets == 1)).all()):
        return _binary(y, targets.reshape(y.shape), unit)
    if binary:
        return _squared(y, targets.reshape(y.shape))
    if targets.shape == y.shape and y.ndim == 1:  # one number for each example, and integers to hit
        return _squared(y, targets)
    axis = _class_axis(y, targets)
    return _classes(y, targets.reshape(-1).long(), axis)


def _from_sigmoid(output: Any) -> bool:
    """Return whether an output came from a sigmoid, perhaps reshaped since."""
    node = output.grad_fn
    for _ in range(4):
        if node is None:
            return False
        name = type(node).__name__
        if name.startswith("Sigmoid"):
            return True
        if not name.startswith(("View", "Squeeze", "Reshape", "Unsqueeze", "Alias", "Select", "ToCopy", "Permute")):
            return False
        node = node.next_functions[0][0] if node.next_functions else None
    return False


def _rows(targets: Any) -> Any:
    """Return targets with a row for each example."""
    return targets.reshape(len(targets) if targets.ndim else 1, -1)


def _squared(y: Any, targets: Any) -> Loss:
    """Return the mean squared error. Its chance is that of an output of 0."""
    targets = targets.to(y)
    size, blind = float(targets.square().mean()), float(_rows(targets).var(0, correction=0).mean())
    return Loss((y - targets).square().mean(), "squared error", size or None, 16.0, blind)


def _binary(y: Any, targets: Any, unit: bool) -> Loss:
    """Return the binary cross-entropy of logits, or of probabilities if all outputs lie between 0 and 1."""
    torch = torch_module()
    functional = torch.nn.functional
    targets = targets.to(y)
    share = _rows(targets).mean(0)
    blind = float((torch.special.entr(share) + torch.special.entr(1 - share)).mean())
    loss, what = functional.binary_cross_entropy_with_logits, "binary cross-entropy"
    if unit:
        loss, what = functional.binary_cross_entropy, "binary cross-entropy of probabilities"
    return Loss(loss(y, targets), what, math.log(2), blind=blind)


def _class_axis(y: Any, targets: Any) -> int:
    """Return the axis of the output that counts classes, given targets that are classes.

    Raises:
        ValueError: if the targets fit to none.
    """
    if y.ndim > 1 and targets.shape == y.shape[:-1]:
        return -1
    if y.ndim > 2 and targets.shape == (y.shape[0], *y.shape[2:]):
        return 1
    if y.ndim == 1 and targets.numel() == 1:
        return -1
    if y.ndim > 1 and targets.numel() == y.numel() // y.shape[-1]:
        return -1
    raise ValueError(
        f"targets must be {y.numel() // y.shape[-1]} classes from 0 to {y.shape[-1] - 1}, got shape "
        f"{tuple(targets.shape)} for an output of shape {tuple(y.shape)}; for a regression give floating-point numbers"
    )


def _logits(y: Any, axis: int) -> Any:
    """Return the output as logits: the logarithm of outputs that are probabilities, as behind a softmax."""
    torch = torch_module()
    sums = y.detach().sum(axis)
    if bool((y.detach() >= 0).all()) and torch.allclose(sums, torch.ones_like(sums), atol=1e-3):
        return y.clamp_min(1e-30).log()
    return y


def _classes(y: Any, labels: Any, axis: int) -> Loss:
    """Return the cross-entropy with classes, `labels` of any shape in the output's order without the axis of classes.

    Raises:
        ValueError: for labels that are no classes of the output.
    """
    torch = torch_module()
    classes = y.shape[axis]
    logits = _logits(y, axis).movedim(axis, -1).reshape(-1, classes)
    labels = labels.reshape(-1).to(logits.device)
    kept = labels[labels != IGNORED]
    if len(kept) == 0:
        raise ValueError(f"all targets are {IGNORED}, which is left out: there is nothing to learn")
    if len(labels) != len(logits) or int(kept.max()) >= classes or int(kept.min()) < 0:
        raise ValueError(
            f"targets must be {len(logits)} classes from 0 to {classes - 1}, got {len(labels)} from {int(kept.min())} "
            f"to {int(kept.max())}"
        )
    value = torch.nn.functional.cross_entropy(logits, labels, ignore_index=IGNORED)
    blind = float(torch.special.entr(torch.bincount(kept) / len(kept)).sum())
    return Loss(value, f"cross-entropy of {classes} classes", math.log(classes), blind=blind)


def _random(y: Any, unit: bool) -> Loss:
    """Return the loss for random targets, by the look of the output.

    Outputs of one number, and images of one or three channels, get normal targets. Outputs of a sigmoid get yes or no.
    All others are classes: on the second axis of an image, else on the last.
    """
    torch = torch_module()
    axis = 1 if y.ndim > 3 else y.ndim - 1
    if unit:
        return _binary(y, torch.randint(2, y.shape).to(y.device), unit)
    if y.ndim < 2 or y.shape[axis] == 1 or (y.ndim > 3 and y.shape[1] == 3):
        # Around the outputs' mean: the targets' own mean is not known, and a bias may have been set to it.
        value = torch.randn(y.shape).to(y)
        blind = float(_rows(value).var(0, correction=0).mean())
        return Loss((y - y.detach().mean(0) - value).square().mean(), "squared error", 1.0, 16.0, blind)
    labels = torch.randint(y.shape[axis], [y.numel() // y.shape[axis]])
    return _classes(y, labels, axis)
