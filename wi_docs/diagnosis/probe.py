"""What a PyTorch model's start does to its signal and gradient, seen through hooks. The only file that imports torch.

The model is run as it is, forward and backward on one batch, and comes back as it was: parameters, buffers, gradients,
modes, hooks, and PyTorch's random numbers.
"""

from __future__ import annotations

import contextlib
import importlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from wi_docs.diagnosis.networks import ALIKE, REACH, Problem, cosine
from wi_docs.experiments import saturation
from wi_docs.nn import checks, gains, number_formats

RAISED = (Exception, SystemExit)  # what calling a reader's code may raise: whatever its author thought of
FUNCTIONS = {  # PyTorch's names of activations, and ours
    "relu": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "gelu": "gelu", "silu": "silu", "elu": "elu", "selu": "selu",
    "softplus": "softplus", "softsign": "softsign", "mish": "mish", "hardtanh": "hard_tanh", "hardswish": "hard_swish",
    "leaky_relu": "leaky_relu",
}  # fmt: skip
MOVES = 4  # how many steps may pass until a gradient comes back: one for each factor of 0 that waits for another
LOUD = 4.0  # a first loss above this many times ln C; one draw of He's weights may have two or three


@dataclass
class Row:
    """A module with parameters of its own, at one call. What was not seen is None.

    Attributes:
        name: as `named_modules` has it, with the number of the call if it is called more than once.
        kind: its class.
        matrix: whether it has weights of two axes or more.
        axis: of its output that counts units.
        sigma_w: root mean square of its weights times the root of the fan-in.
        equal: how many of its units have the weights of another unit.
        units: how many it has.
        frozen: whether it has parameters and none of them is trained.
        signal: rms of its output.
        gradient: length of the loss's derivative with respect to its output.
        later: if that is 0: the same once parameters that are exactly 0 have moved.
        moves: how often they had to.
        weight_gradient: rms of the loss's derivative with respect to its weights, over their own rms.
        update: how far its weights have moved, over their length, after the steps.
        correlation: mean cosine of two inputs at its output.
        activation: our name for the function that follows.
        saturated: share of pairs of unit and input with a slope below a tenth of the largest.
        dead: share of units that are so at every input and position.
        broken: whether its output has entries that are NaN or infinite.
    """

    name: str
    kind: str
    matrix: bool
    axis: int = -1
    sigma_w: float | None = None
    equal: int = 0
    units: int = 0
    frozen: bool = False
    signal: Any = None
    gradient: Any = None
    later: float | None = None
    moves: int = 0
    weight_gradient: float | None = None
    update: float | None = None
    correlation: Any = None
    activation: str | None = None
    saturated: Any = None
    dead: Any = None
    broken: bool = False

    @property
    def reach(self) -> float:
        """The gradient, or the later one where there is none at first."""
        return float(self.gradient or self.later or 0.0)

    def __str__(self) -> str:
        """Return the name with the class, as a sentence has it."""
        return f"{self.name} ({self.kind})"


@dataclass(frozen=True)
class Probe:
    """What was found.

    Attributes:
        model: the model's class.
        rows: before the first step, in the order of the calls.
        after: the same after the steps; None without any.
        steps: of gradient descent that were taken.
        rate: their learning rate.
        loss: before the first step.
        chance: the logarithm of the number of classes, what a model that knows nothing should lose; None for other losses.
        loss_after: after the steps.
        output_correlation: mean cosine of two examples' outputs; None for a single example, or for outputs of one
            number, which have a sign and no direction.
        problems: what is bad, the worst first.
        advice: a change that was tried on the model and what it gave; empty if there is none.
        notes: what is worth knowing besides.
        zeros: parameters that start at 0 and leave it within the first steps.
    """

    model: str
    rows: tuple[Row, ...]
    after: tuple[Row, ...] | None
    steps: int
    rate: float
    loss: float
    chance: float | None
    loss_after: float | None
    output_correlation: float | None
    problems: tuple[Problem, ...] = ()
    advice: str = ""
    notes: tuple[str, ...] = ()
    zeros: tuple[str, ...] = ()

    @property
    def waiting(self) -> tuple[Row, ...]:
        """The rows without a gradient that get one once parameters that are exactly 0 have moved."""
        return tuple(row for row in self.rows if row.gradient == 0.0 and row.later)

    @property
    def small_last(self) -> float | None:
        """The last layer's factor on the gradient if it alone makes the first row's vanish; else None.

        That is over once the last layer has grown, and it is the first to: nothing lies between it and the loss.
        """
        seen = [row for row in self.rows if row.matrix and row.gradient and row.name != self.model]
        if len(seen) < 2 or math.log(seen[0].reach / seen[-1].reach) >= -REACH:
            return None
        inner = abs(math.log(seen[0].reach / seen[-2].reach))
        return seen[-2].reach / seen[-1].reach if inner <= REACH else None

    @property
    def ok(self) -> bool:
        """Whether nothing is bad."""
        return not self.problems

    @property
    def verdict(self) -> str:
        """The verdict in words."""
        if self.problems:
            return f"Bad: {self.problems[0].kind}. {self.problems[0].sentence}"
        first, last = ends(self.rows)
        kept = "There are no two layers with weights to compare"
        if first is not None and last is not None and last.reach > 0.0:
            kept = f"The gradient's length at {first} is {first.reach / last.reach:.2g} times that at {last}"
        chance = f", where chance is {self.chance:.2f}" if self.chance is not None else ""
        return f"Good. {kept}, and the first loss is {self.loss:.2f}{chance}."


@dataclass
class _Watch:
    """What one pass leaves behind."""

    rows: list[Row] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    output: Any = None
    loss: Any = None


def _torch() -> Any:
    try:
        return importlib.import_module("torch")
    except ImportError:
        raise ValueError("--torch needs PyTorch: pip install 'wi_docs[torch]', or pip install torch") from None


def load(target: str) -> tuple[Any, Any, Any]:
    """Import `package.module:build`, call `build`, and return the model, inputs and targets; None for what it does not give.

    `build` takes no argument and returns a model, or a model and its inputs, or a model, inputs and targets. Its code is run.

    Raises:
        ValueError: if it cannot be imported or called, or gives no model.
    """
    torch = _torch()
    name, colon, function = target.partition(":")
    if not colon or not name or not function:
        raise ValueError(f"--torch wants package.module:build, got {target!r}")
    try:
        found: Any = importlib.import_module(name)
        for part in function.split("."):
            found = getattr(found, part)
        built = found() if not isinstance(found, torch.nn.Module) else found
    except RAISED as error:
        raise ValueError(f"{target} failed: {type(error).__name__}: {error}") from error
    model, *rest = built if isinstance(built, tuple) else (built,)
    if not isinstance(model, torch.nn.Module) or len(rest) > 2:
        raise ValueError(
            f"{target} must return a torch.nn.Module, or a tuple of it, inputs and targets; got {type(built).__name__}"
        )
    inputs, targets = (*rest, None, None)[:2]
    return model, inputs, targets


def standard_inputs(model: Any, shape: tuple[int, ...] | None = None, batch: int = 32) -> Any:
    """Return a batch of standard normal inputs, or of random words for a model that starts with an embedding.

    Args:
        model: the module.
        shape: of one input; None to take it from the first layer: the features of a linear one, channels by 32 by 32 for a
            convolution, 16 words for an embedding.
        batch: how many inputs.

    Raises:
        ValueError: if the first layer does not tell the shape.
    """
    torch = _torch()
    random = torch.Generator().manual_seed(0)
    guesses: dict[Any, Callable[[Any], tuple[int, ...]]] = {
        torch.nn.Linear: lambda layer: (layer.in_features,),
        torch.nn.Conv1d: lambda layer: (layer.in_channels, 32),
        torch.nn.Conv2d: lambda layer: (layer.in_channels, 32, 32),
        torch.nn.Embedding: lambda layer: (16,),
    }
    for module in model.modules():
        if any(True for _ in module.parameters(recurse=False)):
            guess = guesses.get(type(module))
            if shape is None and guess is None:
                break
            size = (batch, *(shape or (guess(module) if guess else ())))
            if isinstance(module, torch.nn.Embedding):
                return torch.randint(module.num_embeddings, size, generator=random)
            return torch.randn(size, generator=random).to(next(module.parameters()))
    raise ValueError(
        "the first layer does not say what an input looks like: say --input 3,32,32, or let build return inputs too"
    )


def probe(
    model: Any, inputs: Any = None, targets: Any = None, *, steps: int = 0, rate: float = 0.01, advise: bool = True
) -> Probe:
    """Run `model` forward and backward on one batch, watch each module with parameters, and say what is bad.

    Args:
        model: a `torch.nn.Module`; it comes back as it was.
        inputs: a batch: a tensor, or a tuple of the model's arguments; None for standard normal ones.
        targets: classes (integers) for cross-entropy, or values for the squared error, a tensor, array or list; None
            for random classes, as many as the output has entries. A model that returns one number returns its loss, and
            takes none.
        steps: of plain gradient descent on the batch, after which to look again.
        rate: their learning rate.
        advise: whether to try other weights if the verdict is bad.

    Raises:
        ValueError: for a model without trainable parameters, one that fails on the batch, or whose output is no tensor.
        TypeError: for an argument of the wrong kind.
    """
    torch = _torch()
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    steps, rate = checks.count("steps", steps, least=0), checks.number("rate", rate, above=0.0)
    if not any(True for _ in model.parameters()):
        raise ValueError("the model has no parameters: there is nothing to initialize")
    trained = [p for p in model.parameters() if p.requires_grad]
    if not trained:
        raise ValueError("the model has no trainable parameter: requires_grad is False for all of them")
    if any(isinstance(p, torch.nn.parameter.UninitializedParameter) for p in model.parameters()):
        raise ValueError("the model has lazy parameters, which get their shape from a first batch: run one before")
    _refuse(model)
    targets = _targets(targets)
    inputs = standard_inputs(model) if inputs is None else inputs
    arguments = inputs if isinstance(inputs, tuple) else (inputs,)

    with _as_it_was(model):
        found = _look(model, arguments, targets, steps, rate)
        if found.problems and advise:
            found = replace(found, advice=_advise(model, arguments, targets, found))
    return found


def _refuse(model: Any) -> None:
    """Say why a model cannot be watched, if so."""
    torch = _torch()
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        raise ValueError(
            "the model is scripted or traced (torch.jit), where no layer can be watched: give it as it was before"
        )
    tensors = [*model.parameters(), *model.buffers()]
    if any(tensor.is_meta for tensor in tensors):
        raise ValueError(
            "the model is on the meta device, where tensors have a shape and no values: build it on another one, or "
            "give it memory with model.to_empty(device='cpu') and then values with its own initialization"
        )
    if any(tensor.is_inference() for tensor in tensors):
        raise ValueError("the model was made in torch.inference_mode, and cannot be trained: build it outside of that")


def _targets(given: Any) -> Any:
    """Return targets as a tensor, or say why they cannot be."""
    torch = _torch()
    if isinstance(given, list | np.ndarray):
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


def _look(model: Any, arguments: tuple[Any, ...], targets: Any, steps: int, rate: float) -> Probe:
    torch = _torch()
    first = _watched(model, arguments, targets)
    if not first.rows:
        raise ValueError(
            "no module was called that has parameters of its own, so there are no layers to watch. Parameters in an "
            "nn.ParameterList, or those that a function uses outside of their module, are not looked at"
        )
    zeros = _wait(model, arguments, targets, first.rows)
    start = {name: p.detach().clone() for name, p in model.named_parameters()} if steps else {}
    last = None
    for _ in range(steps):
        with torch.no_grad():
            for p in model.parameters():
                if p.grad is not None:
                    p -= rate * p.grad
        last = _watched(model, arguments, targets, hooks=False)
    after = None
    if steps:
        final = _watched(model, arguments, targets)
        for row in final.rows:
            name = f"{row.name.partition(' (call')[0]}.weight".lstrip(".")
            if name in start:
                moved = dict(model.named_parameters())[name] - start[name]
                row.update = float(_length(moved)) / max(float(_length(start[name])), 1e-300)
        after, last = tuple(final.rows), final
    output = first.output
    classes = output.shape[-1] if output.ndim > 1 else 1
    counted = classes > 1 and (targets is None or not targets.is_floating_point())
    result = Probe(
        model=type(model).__name__,
        rows=tuple(first.rows),
        after=after,
        steps=steps,
        rate=rate,
        loss=float(first.loss.detach()),
        chance=math.log(classes) if counted else None,
        loss_after=float(last.loss.detach()) if last is not None else None,
        output_correlation=_number(_alike(output)[1]),
        zeros=zeros,
    )
    return replace(result, problems=problems(result), notes=_notes(model, result))


def _wait(model: Any, arguments: tuple[Any, ...], targets: Any, rows: list[Row]) -> tuple[str, ...]:
    """Return the parameters that are 0 and get a gradient. If rows get none, move those and note what comes back then.

    What lies before one factor of 0 has to wait for it; before two on one path, for ever. So a few such steps tell them
    apart. Parameters and gradients come back as they were.
    """
    torch = _torch()
    found: dict[str, Any] = {}
    grads = {name: p.grad for name, p in model.named_parameters()}
    for turn in range(MOVES):
        new = {
            name: p for name, p in model.named_parameters()
            if p.requires_grad and p.grad is not None and p.grad.layout == torch.strided and name not in found
            and not p.detach().any() and p.grad.any() and p.grad.isfinite().all()
        }  # fmt: skip
        found |= new
        if not new or all(row.gradient != 0.0 or row.later for row in rows):
            break
        with torch.no_grad():
            for p in new.values():
                p -= 0.01 * p.grad / p.grad.abs().max()
        again = _watched(model, arguments, targets).rows
        for row, other in zip(rows, again, strict=False):
            if row.gradient == 0.0 and not row.later and other.gradient:
                row.later, row.moves = other.gradient, turn + 1
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.grad = grads[name]
            if name in found:
                p.zero_()
    return tuple(found)


@contextlib.contextmanager
def _as_it_was(model: Any) -> Iterator[None]:
    """Give the model back as it was, whatever happens within."""
    torch = _torch()
    tensors = [*model.parameters(), *model.buffers()]
    values = [t.detach().clone() for t in tensors]
    grads = [(p, p.grad, None if p.grad is None else p.grad.clone()) for p in model.parameters()]
    modes = [(module, module.training) for module in model.modules()]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for p, *_ in grads:
            p.grad = None
        try:
            yield
        finally:
            with torch.no_grad():
                for tensor, value in zip(tensors, values, strict=True):
                    tensor.copy_(value)
                for p, grad, value in grads:
                    p.grad = grad if grad is None else grad.copy_(value)
            for module, mode in modes:
                module.training = mode


def _watched(model: Any, arguments: tuple[Any, ...], targets: Any, *, hooks: bool = True) -> _Watch:
    """Run one forward and one backward pass, and return what was seen."""
    torch = _torch()
    watch, handles = _Watch(), []
    for p in model.parameters():
        p.grad = None
    torch.manual_seed(1)  # the same dropout and random targets each time
    try:
        for name, module in model.named_modules() if hooks else ():
            if any(True for _ in module.parameters(recurse=False)):
                handles.append(module.register_forward_hook(_hook(watch, name)))
        with _activations(watch) if hooks else contextlib.nullcontext():
            try:
                output = model(*arguments)
            except RAISED as error:
                raise ValueError(f"the model fails on the batch: {type(error).__name__}: {error}") from error
            watch.output = _tensor(output)
            losses = [value for value in _values(output) if isinstance(value, torch.Tensor) and value.ndim == 0]
            if watch.output is not None and watch.output.ndim == 0 and len(losses) > 1:
                raise ValueError(
                    f"the model returns {len(losses)} numbers: let build return a model that returns one loss, such as "
                    "their sum"
                )
            if watch.output is None or not watch.output.is_floating_point():
                raise ValueError(f"the model's output must be a tensor of real numbers, got {type(output).__name__}")
            if watch.output.numel() == 0:
                raise ValueError("the model's output is empty: give it a batch of at least two examples")
            watch.loss = _loss(watch.output, targets)
        if not watch.loss.requires_grad:
            raise ValueError(
                "the loss depends on no trainable parameter: the output is detached, or was computed without gradients"
            )
        try:
            watch.loss.backward()
        except RAISED as error:
            hint = (
                " An in-place operation has overwritten what the backward pass needs."
                if "inplace" in str(error)
                else ""
            )
            raise ValueError(f"the backward pass fails: {str(error).partition(' Hint')[0]}.{hint}") from error
        if all(p.grad is None for p in model.parameters()):
            raise ValueError("no parameter gets a gradient: something on the way cuts it off, as quantized layers do")
    finally:
        for handle in handles:
            handle.remove()
    if hooks:
        _finish(model, watch)
    return watch


def _hook(watch: _Watch, name: str) -> Callable[..., None]:
    torch = _torch()

    def seen(module: Any, _: Any, output: Any) -> None:
        z = _tensor(output)
        if z is None or not z.is_floating_point():
            return
        watch.calls[name] = watch.calls.get(name, 0) + 1
        matrix = any(p.ndim > 1 for p in module.parameters(recurse=False))
        row = Row(name or type(module).__name__, type(module).__name__, matrix)
        row.axis = _unit_axis(module, z)
        with torch.no_grad():
            values = z.detach()
            lengths, row.correlation = _alike(values)
            row.signal = _length(lengths) / math.sqrt(max(values.numel(), 1))
        if z.requires_grad:
            z.register_hook(lambda gradient: None if gradient is None else setattr(row, "gradient", _length(gradient)))
        watch.rows.append(row)

    return seen


def _activations(watch: _Watch) -> Any:
    """Return a context that sees every call of an activation, whether of a module or of a function."""
    torch = _torch()

    def seen(self: Any, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = FUNCTIONS.get(getattr(func, "__name__", "").rstrip("_"))
        if name is not None and watch.rows and watch.rows[-1].activation is None and args:
            _count(watch.rows[-1], name, args[0])
        return func(*args, **(kwargs or {}))

    return type("Seen", (torch.overrides.TorchFunctionMode,), {"__torch_function__": seen})()


def _count(row: Row, name: str, z: Any) -> None:
    """Note which share of `z`, what an activation is given, is saturated, and which units are so everywhere."""
    torch = _torch()
    row.activation = name
    with torch.no_grad():
        values, off = z.detach(), None
        for low, high in saturation.intervals(name):
            inside = values <= high if low == -math.inf else values >= low
            if low > -math.inf and high < math.inf:
                inside &= values <= high
            off = inside if off is None else off | inside
        if off is None or off.ndim < 2:
            return
        axis = min(row.axis, off.ndim - 1)
        by_unit = off.sum(dim=[k for k in range(off.ndim) if k != axis], dtype=torch.int64)
        each = off.numel() // max(off.shape[axis], 1)
        row.saturated, row.dead = by_unit.sum() / max(off.numel(), 1), (by_unit == each).double().mean()


def _unit_axis(module: Any, z: Any) -> int:
    """Return the axis that counts units: the second for convolutions and batch normalization, else the last."""
    nn = _torch().nn
    channels = nn.modules.conv._ConvNd, nn.modules.batchnorm._BatchNorm, nn.GroupNorm
    return 1 if isinstance(module, channels) and z.ndim > 2 else z.ndim - 1


def _tensor(output: Any) -> Any:
    """Return the tensor in what a module returned: itself, its logits, or the first of several; None if there is none."""
    torch = _torch()
    if isinstance(output, torch.Tensor):
        return output
    if hasattr(output, "logits"):
        return output.logits
    return next((value for value in _values(output) if isinstance(value, torch.Tensor)), None)


def _values(output: Any) -> tuple[Any, ...]:
    return tuple(output.values() if isinstance(output, dict) else output if isinstance(output, tuple | list) else ())


def _loss(output: Any, targets: Any) -> Any:
    """Return the cross-entropy of classes, the last axis, or the squared error for targets that are real numbers.

    A single number is a loss already.
    """
    torch = _torch()
    if output.ndim == 0:
        if targets is not None:
            raise ValueError("the model returns one number, which is taken for its loss: leave out targets")
        return output.float()
    if targets is not None and targets.is_floating_point():
        if targets.shape != output.shape:
            raise ValueError(f"targets have shape {tuple(targets.shape)}, and the output {tuple(output.shape)}")
        return (output.float() - targets).square().mean()
    classes = output.shape[-1] if output.ndim > 1 else 1
    if classes == 1:
        return (output.float() - torch.randn(output.shape)).square().mean()
    logits = output.reshape(-1, classes).float()
    labels = torch.randint(classes, logits.shape[:1]) if targets is None else targets.reshape(-1).long()
    if len(labels) != len(logits) or int(labels.max()) >= classes or int(labels.min()) < 0:
        raise ValueError(
            f"targets must be {len(logits)} classes from 0 to {classes - 1}, got shape {tuple(targets.shape)}"
        )
    return torch.nn.functional.cross_entropy(logits, labels.to(logits.device))


def _length(x: Any) -> Any:
    """Return the length of a tensor as a vector, in single precision at least."""
    torch = _torch()
    kind = torch.float32 if x.element_size() < 4 else None
    return torch.linalg.vector_norm(x.detach(), dtype=kind)


def _alike(x: Any) -> tuple[Any, Any]:
    """Return the length of each example, the rows along the first axis, and the mean cosine of two.

    That is nan for fewer examples, and for examples of one number, which have a sign and no direction.
    """
    torch = _torch()
    with torch.no_grad():
        flat = x.detach().flatten(1) if x.ndim > 1 else x.detach().reshape(-1, 1)
        flat = flat.float() if flat.element_size() < 4 else flat
        n, lengths = len(flat), torch.linalg.vector_norm(flat, dim=1)
        total = (1 / lengths.clamp_min(1e-30)) @ flat  # the sum of the examples' directions
        return lengths, ((total @ total) - n) / (n * (n - 1)) if min(flat.shape) > 1 else torch.tensor(math.nan)


def _number(x: Any) -> float | None:
    """Return a number of a tensor, None for nan."""
    return None if math.isnan(float(x)) else float(x)


def _finish(model: Any, watch: _Watch) -> None:
    """Turn what the hooks kept into numbers, and add what parameters say."""
    torch = _torch()
    modules = dict(model.named_modules())
    numbers: dict[str, int] = {}
    for row in watch.rows:
        name = row.name if row.name in modules else ""
        numbers[name] = numbers.get(name, 0) + 1
        module = modules[name]
        parameters = list(module.parameters(recurse=False))
        row.frozen = bool(parameters) and not any(p.requires_grad for p in parameters)
        for key in ("signal", "gradient", "correlation", "saturated", "dead"):
            value = getattr(row, key)
            setattr(row, key, None if value is None else float(value))
        row.correlation = None if row.correlation is None else _number(row.correlation)
        row.broken = row.signal is not None and not math.isfinite(row.signal)
        weight = next((p.detach() for p in parameters if p.ndim > 1), None)
        if weight is not None:
            matrix = weight.flatten(1).float()
            size = float(_length(matrix)) / math.sqrt(max(matrix.numel(), 1))
            fan = 1 if isinstance(module, torch.nn.Embedding) else matrix.shape[1]
            row.sigma_w, row.units, row.equal = size * math.sqrt(fan), len(matrix), _equal(matrix) if size else 0
            grad = next((p.grad for p in parameters if p.ndim > 1), None)
            if grad is not None and size:
                row.weight_gradient = float(_length(grad)) / math.sqrt(grad.numel()) / size
        if watch.calls.get(name, 1) > 1:
            row.name = f"{row.name} (call {numbers[name]})"


def _equal(matrix: Any) -> int:
    """Return how many rows are equal to another one. Sorted along a random direction, those lie side by side."""
    torch = _torch()
    direction = torch.randn(matrix.shape[1], generator=torch.Generator().manual_seed(0)).to(matrix)
    along, order = (matrix @ direction).sort()
    near = ((along[1:] - along[:-1]).abs() <= 1e-5 * along.abs().max()).nonzero().flatten()
    return int((matrix[order[near + 1]] == matrix[order[near]]).all(dim=1).sum())


def ends(rows: tuple[Row, ...]) -> tuple[Row, Row] | tuple[None, None]:
    """Return the first and the last row with weights and a gradient, as they were at one look."""
    seen = [row for row in rows if row.matrix and row.gradient is not None]
    seen = [row for row in seen if row.moves == seen[0].moves]
    return (seen[0], seen[-1]) if len(seen) > 1 else (None, None)


def problems(found: Probe) -> tuple[Problem, ...]:
    """Return what is bad before the first step, the worst first."""
    result: list[Problem] = []

    def bad(kind: str, row: Row | None, sentence: str, weight: float) -> None:
        result.append(Problem(kind, row.name if row else "output", sentence, weight))

    broken = next((row for row in found.rows if row.broken), None)
    if broken is not None or not math.isfinite(found.loss):
        what = f"The output of {broken}" if broken else "The first loss"
        bad("overflow", broken, f"{what} is infinite or undefined: numbers leave their format.", 100.0)
        return tuple(result)
    for row in found.rows:
        if row.equal and row.matrix and row.kind != "Embedding":
            every = "all are one" if row.equal == row.units - 1 else f"{row.equal} of them repeat another"
            bad(
                "equal units",
                row,
                f"{row} has {row.units} units, and {every}: equal units get equal gradients and stay equal.",
                50.0,
            )
    off = next((row for row in found.rows if row.dead == 1.0), None)
    silent = [row for row in found.rows if row.gradient == 0.0 and not row.later]
    if off is not None:
        bad("dead layer", off, f"All units of {off} are off for every input: no signal passes, and no gradient.", 60.0)
    elif silent:
        bad(
            "no gradient",
            silent[-1],
            f"No gradient comes back to {silent[-1]}: it and what lies before it cannot learn.",
            50.0,
        )
    first, last = ends(found.rows)
    if first is not None and last is not None and first.reach > 0.0 and last.reach > 0.0:
        ratio = first.reach / last.reach
        far = abs(math.log(ratio)) / REACH
        if far > 1.0 and found.small_last is None:
            way, follows = (
                ("grows", "One step throws the first layers about.")
                if ratio > 1.0
                else ("shrinks", "The first layers hardly learn.")
            )
            kind = "exploding gradient" if ratio > 1.0 else "vanishing gradient"
            bad(
                kind,
                first,
                f"The gradient {way} to {ratio:.1g} times its length from {last} back to {first}. {follows}",
                far,
            )
    hidden, apart = before_last(found), apart_at_the_end(found)
    if hidden is not None and 1 - hidden.correlation < ALIKE and (apart is None or apart < ALIKE):
        what = (
            "Outputs for different inputs" if apart is not None else f"At {hidden}, before the last, different inputs"
        )
        apart = 1 - hidden.correlation if apart is None else apart
        bad(
            "output ignores its input",
            None,
            f"{what} have a cosine of {cosine(apart)}.",
            math.log(max(apart, 1e-16)) / math.log(ALIKE),
        )
    for row in found.rows:
        if row.activation is None or row.saturated is None or row.dead is None or row.dead == 1.0:
            continue
        limit = saturation.limit(row.activation)
        if row.saturated > limit:
            bad(
                "saturated units",
                row,
                f"{100 * row.saturated:.0f} % of {row} is saturated. From {100 * limit:.0f} % on, {row.activation} networks took twice as long to learn the "
                "digits.",
                row.saturated / limit,
            )
        elif row.dead - _alike_share(row) > saturation.DEAD:
            bad(
                "dead units",
                row,
                f"{100 * row.dead:.0f} % of the units of {row} are off for every input.",
                row.dead / saturation.DEAD,
            )
    if found.chance is not None and found.loss > LOUD * found.chance:
        bad(
            "loud output",
            None,
            f"The first loss is {found.loss:.2f}, where chance is {found.chance:.2f}: the output speaks before it knows anything.",
            found.loss / (LOUD * found.chance),
        )
    return tuple(sorted(result, key=lambda problem: -problem.weight))


def before_last(found: Probe) -> Row | None:
    """Return the last row before the last weights that has a signal, the model left out; None if there is none."""
    rows = [row for row in found.rows if row.name != found.model]
    last = max((k for k, row in enumerate(rows) if row.matrix), default=0)
    return next((row for row in reversed(rows[:last]) if row.signal and row.correlation is not None), None)


def apart_at_the_end(found: Probe) -> float | None:
    """Return one minus the mean cosine of two outputs, None if they have no direction."""
    return None if found.output_correlation is None else 1 - found.output_correlation


def _alike_share(row: Row) -> float:
    """Return the share of dead units that alike inputs explain."""
    if not row.signal:
        return 0.0
    c = row.correlation if row.correlation is not None and math.isfinite(row.correlation) else 0.0
    return saturation.dead_share(row.activation or "relu", row.signal**2, min(max(c, 0.0), 1.0), 32)


def _notes(model: Any, found: Probe) -> tuple[str, ...]:
    notes = []
    frozen = [row.name for row in found.rows if row.frozen]
    if frozen:
        notes.append(f"Frozen: {_few(frozen)}.")
    called = {row.name.partition(" (call")[0] for row in found.rows}
    repeated = [row.name.removesuffix(" (call 2)") for row in found.rows if row.name.endswith(" (call 2)")]
    if repeated:
        notes.append(f"Called more than once, with the same weights: {_few(repeated)}.")
    owners: dict[int, list[str]] = {}
    for name, p in model.named_parameters(remove_duplicate=False):
        owners.setdefault(id(p), []).append(name)
    shared = [" = ".join(names) for names in owners.values() if len(names) > 1]
    if shared:
        notes.append(f"Shared: {_few(shared)}.")
    unused = [name for name, p in model.named_parameters() if p.requires_grad and p.grad is None]
    if unused:
        notes.append(f"Without a gradient: {_few(unused)}.")
    silent = [row.name for row in found.rows if row.matrix and row.sigma_w == 0.0 and row.name in called]
    if silent:
        notes.append(
            f"All weights 0: {_few(silent)}. The last layer of a branch or of a network often starts so; whether it is "
            "meant here is not known."
        )
    if found.waiting:
        behind = [name for name in found.zeros if not name.endswith("bias")]  # what is added holds nothing up
        notes.append(
            f"No gradient comes back to {_few([row.name for row in found.waiting])} until what is exactly 0 behind has "
            f"moved: {_few(behind)}. Moved a little on trial, it lets one through."
        )
    if found.small_last is not None:
        notes.append(
            f"The last layer multiplies the gradient by {found.small_last:.1g}, so that little reaches the rest until "
            "it has grown. Whether that is meant is not known, and the verdict leaves it out."
        )
    hidden, apart = before_last(found), apart_at_the_end(found)
    if apart is not None and apart < ALIKE and (hidden is None or 1 - hidden.correlation >= ALIKE):
        before = "" if hidden is None else f", those at {hidden} one of {hidden.correlation:.2f}"
        notes.append(
            f"Outputs for different inputs have a cosine of {cosine(apart)}{before}. What outputs have in common, such "
            "as a bias or a sign, does that; whether the loss sees how they differ is not known."
        )
    leaving = []
    for name in ("fp16", "bf16") if all(not row.broken for row in found.rows) else ():
        _, largest = number_formats.limits(name)
        for row in found.rows:
            if row.signal is not None and row.signal > largest:
                leaving.append(f"{name}: the signal overflows at {row.name}")
                break
    return (*notes, *leaving)


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _advise(model: Any, arguments: tuple[Any, ...], targets: Any, now: Probe) -> str:
    """Try other weights for every linear layer and convolution, and say which leave the least; empty if none helps.

    What is frozen stays as it is, and so does what starts at 0 and leaves it by itself: both may be meant.
    """
    torch = _torch()
    kinds = [row.activation for row in now.rows if row.activation]
    phi = max(set(kinds), key=kinds.count) if kinds else "linear"
    every = {
        name: m for name, m in model.named_modules()
        if isinstance(m, torch.nn.Linear | torch.nn.Conv1d | torch.nn.Conv2d | torch.nn.Conv3d)
    }  # fmt: skip
    frozen = [name for name, m in every.items() if not m.weight.requires_grad]
    leaving = [name for name in every if f"{name}.weight".lstrip(".") in now.zeros]
    layers = [m for name, m in every.items() if name not in {*frozen, *leaving}]
    if not layers:
        return ""
    kept = [words for words, some in (("are frozen", frozen), ("start at 0 and leave it", leaving)) if some]
    but = f" but those that {' or '.join(kept)}" if kept else ""
    best: tuple[int, float, str] | None = None
    choices = {
        "its gain": gains.gain(phi), "its backward gain": gains.gain(phi, direction="backward"), "a gain of 1": 1.0,
    }  # fmt: skip
    for words, gain in choices.items():
        with torch.no_grad():
            for layer in layers:
                fan_in = layer.weight[0].numel()
                layer.weight.copy_(torch.randn(layer.weight.shape) * gain / math.sqrt(fan_in))
                if layer.bias is not None and layer.bias.requires_grad:
                    layer.bias.zero_()
        after = _look(model, arguments, targets, 0, now.rate)
        burden = len(after.problems), sum(problem.weight for problem in after.problems)
        if best is None or burden < best[:2]:
            of = f"for {phi}, {words}, {gain:.3g}" if words != "a gain of 1" else "a gain of 1"
            best = (
                *burden,
                f"normal weights of deviation {gain:.3g}/sqrt(fan_in) ({of}) and biases of 0, in every linear layer "
                f"and convolution{but}. Tried on this model: {after.verdict}",
            )
    if best is None or best[:2] >= (len(now.problems), sum(problem.weight for problem in now.problems)):
        return ""
    return best[2]
