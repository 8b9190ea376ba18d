"""One forward and backward pass of a PyTorch model, observed through hooks. Only this file and `probe.py` use torch."""

from __future__ import annotations

import contextlib
import importlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from wi_docs.diagnosis.problems import Row
from wi_docs.experiments import saturation

RAISED = (Exception, SystemExit)  # a reader's code may raise anything, and may call sys.exit
FUNCTIONS = {  # the names of PyTorch's functions, and ours
    "relu": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "gelu": "gelu", "silu": "silu", "elu": "elu", "selu": "selu",
    "softplus": "softplus", "softsign": "softsign", "mish": "mish", "hardtanh": "hard_tanh", "hardswish": "hard_swish",
    "leaky_relu": "leaky_relu",
}  # fmt: skip


def torch_module() -> Any:
    """Import PyTorch, if it is not imported yet, and return the module.

    Raises:
        ValueError: if it is not installed.
    """
    try:
        return importlib.import_module("torch")
    except ImportError:
        raise ValueError("--torch needs PyTorch: pip install 'wi_docs[torch]', or pip install torch") from None


@dataclass
class Watch:
    """The measurements of one pass.

    Attributes:
        rows: a row for each call of a module with parameters, in the order of the calls.
        calls: the number of calls of each module, by its name in `named_modules`.
        output: the model's output, a tensor.
        loss: the loss, a tensor of one number.
    """

    rows: list[Row] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    output: Any = None
    loss: Any = None


@contextlib.contextmanager
def as_it_was(model: Any) -> Iterator[None]:
    """Restore the model and PyTorch's random state when the context ends, also if it ends with an error.

    Parameters, buffers, gradients and modes (training or evaluation) are restored in place, so that an optimizer that
    holds them notices nothing.
    """
    torch = torch_module()
    tensors = [*model.parameters(), *model.buffers()]
    values = [t.detach().clone() for t in tensors]
    grads = [(p, p.grad, None if p.grad is None else p.grad.clone()) for p in model.parameters()]
    modes = [(module, module.training) for module in model.modules()]
    # Within, PyTorch's random numbers start from a seed of ours; after it, they go on from where they were.
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


def watched(model: Any, arguments: tuple[Any, ...], targets: Any, *, hooks: bool = True) -> Watch:
    """Run one forward and one backward pass, and return the measurements. Gradients stay in the parameters.

    Without `hooks` there are no rows, and the pass costs no more than usual.

    Raises:
        ValueError: for a model that fails on the batch, or whose output or loss cannot be used.
    """
    torch = torch_module()
    watch, handles = Watch(), []
    # Gradients of an earlier pass would be added to those of this one.
    for p in model.parameters():
        p.grad = None
    torch.manual_seed(1)  # the same dropout and random targets each time
    try:
        for name, module in model.named_modules() if hooks else ():
            # Only modules with parameters of their own get a row: containers and activations have none.
            if any(True for _ in module.parameters(recurse=False)):
                handles.append(module.register_forward_hook(_hook(watch, name)))
        with _activations(watch) if hooks else contextlib.nullcontext():
            watch.output = _forward(model, arguments)
            watch.loss = _loss(watch.output, targets)
        _backward(model, watch.loss)
    finally:
        for handle in handles:
            handle.remove()
    if hooks:
        _finish(model, watch)
    return watch


def _forward(model: Any, arguments: tuple[Any, ...]) -> Any:
    """Run the model and return its output as one tensor of real numbers.

    Raises:
        ValueError: if the model fails, or its output is no such tensor, is empty, or holds several losses.
    """
    torch = torch_module()
    try:
        output = model(*arguments)
    except RAISED as error:
        raise ValueError(f"the model fails on the batch: {type(error).__name__}: {error}") from error
    found = _tensor(output)
    # Detection models, for one, return a dictionary of several losses; which to minimize only their author knows.
    losses = [value for value in _values(output) if isinstance(value, torch.Tensor) and value.ndim == 0]
    if found is not None and found.ndim == 0 and len(losses) > 1:
        raise ValueError(
            f"the model returns {len(losses)} numbers: let build return a model that returns one loss, such as their "
            "sum"
        )
    if found is None or not found.is_floating_point():
        raise ValueError(f"the model's output must be a tensor of real numbers, got {type(output).__name__}")
    if found.numel() == 0:
        raise ValueError("the model's output is empty: give it a batch of at least two examples")
    return found


def _backward(model: Any, loss: Any) -> None:
    """Pass the loss back through the model.

    Raises:
        ValueError: if the loss depends on no trainable parameter, the backward pass fails, or no parameter gets a
            gradient.
    """
    if not loss.requires_grad:
        raise ValueError(
            "the loss depends on no trainable parameter: the output is detached, or was computed without gradients"
        )
    try:
        loss.backward()
    except RAISED as error:
        # PyTorch has one class for all of its errors: only the words say which it is.
        words = str(error).partition(" Hint")[0]
        hint = " An in-place operation has overwritten what the backward pass needs." if "inplace" in words else ""
        raise ValueError(f"the backward pass fails: {words}.{hint}") from error
    if all(p.grad is None for p in model.parameters()):
        raise ValueError("no parameter gets a gradient: something on the way cuts it off, as quantized layers do")


def _hook(watch: Watch, name: str) -> Callable[..., None]:
    """Return a forward hook that adds a row to `watch` for each call of the module `name`."""
    torch = torch_module()

    def seen(module: Any, _: Any, output: Any) -> None:
        z = _tensor(output)
        if z is None or not z.is_floating_point():
            return
        watch.calls[name] = watch.calls.get(name, 0) + 1
        matrix = any(p.ndim > 1 for p in module.parameters(recurse=False))
        kind = type(module).__name__
        row = Row(name or kind, kind, matrix, _unit_axis(module, z), module=name, call=watch.calls[name])
        with torch.no_grad():
            # Numbers stay PyTorch scalars until `_finish`: reading one here would make a GPU wait for each module.
            values = z.detach()
            lengths, row.correlation = alike(values)
            row.signal = length(lengths) / math.sqrt(max(values.numel(), 1))
        if z.requires_grad:
            # Called in the backward pass, with the loss's derivative with respect to this output.
            z.register_hook(lambda gradient: None if gradient is None else setattr(row, "gradient", length(gradient)))
        watch.rows.append(row)

    return seen


def _activations(watch: Watch) -> Any:
    """Return a context in which every call of an activation is noted in the last row of `watch`.

    Modules such as nn.ReLU call functions such as torch.relu in the end, and a TorchFunctionMode is called in place of
    every function of PyTorch.
    """
    torch = torch_module()

    def seen(self: Any, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        # `relu_` is `relu` in place. Only the first activation behind a row counts as the one that follows it.
        name = FUNCTIONS.get(getattr(func, "__name__", "").rstrip("_"))
        if name is not None and watch.rows and watch.rows[-1].activation is None and args:
            _note_saturation(watch.rows[-1], name, args[0])
        return func(*args, **(kwargs or {}))

    return type("Seen", (torch.overrides.TorchFunctionMode,), {"__torch_function__": seen})()


def _note_saturation(row: Row, name: str, z: Any) -> None:
    """Write into `row` the shares of saturated entries and of dead units, given the input `z` of the activation `name`.

    Both are PyTorch scalars. A unit is dead if it is saturated for every example and at every position.
    """
    torch = torch_module()
    row.activation = name
    with torch.no_grad():
        values, off = z.detach(), None
        # `off` marks the entries of `z` that lie in one of the intervals on which the slope is below a tenth of the
        # largest.
        for low, high in saturation.intervals(name):
            inside = values <= high if low == -math.inf else values >= low
            if low > -math.inf and high < math.inf:
                inside &= values <= high
            off = inside if off is None else off | inside
        if off is None or off.ndim < 2:
            return
        axis = min(row.axis, off.ndim - 1)
        # The number of saturated entries of each unit. A unit is dead if it is the number of all its entries.
        by_unit = off.sum(dim=[k for k in range(off.ndim) if k != axis], dtype=torch.int64)
        each = off.numel() // max(off.shape[axis], 1)
        row.saturated, row.dead = by_unit.sum() / max(off.numel(), 1), (by_unit == each).double().mean()


def _unit_axis(module: Any, z: Any) -> int:
    """Return the axis of the output `z` that counts units: the second behind convolutions and their normalizations.

    Behind all other modules it is the last.
    """
    nn = torch_module().nn
    channels = nn.modules.conv._ConvNd, nn.modules.batchnorm._BatchNorm, nn.GroupNorm
    return 1 if isinstance(module, channels) and z.ndim > 2 else z.ndim - 1


def _tensor(output: Any) -> Any:
    """Return the tensor in a module's output, or None: the output itself, its `logits`, or the first of several values.

    Models of the transformers library return an object with the attribute `logits`.
    """
    torch = torch_module()
    if isinstance(output, torch.Tensor):
        return output
    if hasattr(output, "logits"):
        return output.logits
    return next((value for value in _values(output) if isinstance(value, torch.Tensor)), None)


def _values(output: Any) -> tuple[Any, ...]:
    """Return the values of a dictionary, tuple or list as a tuple; for anything else, an empty one."""
    return tuple(output.values() if isinstance(output, dict) else output if isinstance(output, tuple | list) else ())


def _loss(output: Any, targets: Any) -> Any:
    """Return the loss of the model's output as a tensor of one number, in single precision at least.

    It is the squared error if the targets are real numbers, and the cross-entropy if they are classes, which the last
    axis counts. Without targets they are drawn at random. An output of a single number is taken for the loss itself.

    Raises:
        ValueError: for targets that do not fit to the output.
    """
    torch = torch_module()
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
    # For a sequence model each position is an example: (batch, positions, classes) becomes (examples, classes).
    logits = output.reshape(-1, classes).float()
    labels = torch.randint(classes, logits.shape[:1]) if targets is None else targets.reshape(-1).long()
    if len(labels) != len(logits) or int(labels.max()) >= classes or int(labels.min()) < 0:
        raise ValueError(
            f"targets must be {len(logits)} classes from 0 to {classes - 1}, got shape {tuple(targets.shape)}"
        )
    return torch.nn.functional.cross_entropy(logits, labels.to(logits.device))


def length(x: Any) -> Any:
    """Return the Euclidean norm of all entries of a tensor, as a tensor of one number in single precision at least.

    In half precision the sum of squares would overflow at 65504.
    """
    torch = torch_module()
    kind = torch.float32 if x.element_size() < 4 else None
    return torch.linalg.vector_norm(x.detach(), dtype=kind)


def alike(x: Any) -> tuple[Any, Any]:
    """Return the Euclidean norm of each example, `(examples,)`, and the mean cosine over all pairs of examples.

    Examples are counted by the first axis of `x`. The cosine is NaN for a single example, and for examples of one
    number, which have a sign and no direction.
    """
    torch = torch_module()
    with torch.no_grad():
        flat = x.detach().flatten(1) if x.ndim > 1 else x.detach().reshape(-1, 1)
        flat = flat.float() if flat.element_size() < 4 else flat
        n, lengths = len(flat), torch.linalg.vector_norm(flat, dim=1)
        total = (1 / lengths.clamp_min(1e-30)) @ flat  # the sum of the examples' directions
        # As in `simulate.alike`: |sum u_i|^2 = n + the sum of the cosines of all ordered pairs, without a matrix of
        # pairs.
        return lengths, ((total @ total) - n) / (n * (n - 1)) if min(flat.shape) > 1 else torch.tensor(math.nan)


def number(x: Any) -> float | None:
    """Return the number in a tensor of one entry as a float, or None if it is NaN."""
    return None if math.isnan(float(x)) else float(x)


def _finish(model: Any, watch: Watch) -> None:
    """Convert the measurements of the hooks into floats, and add those of the parameters and their gradients."""
    torch = torch_module()
    modules = dict(model.named_modules())
    for row in watch.rows:
        module = modules[row.module]
        parameters = list(module.parameters(recurse=False))
        row.frozen = bool(parameters) and not any(p.requires_grad for p in parameters)
        for key in ("signal", "gradient", "correlation", "saturated", "dead"):
            value = getattr(row, key)
            setattr(row, key, None if value is None else float(value))
        row.correlation = None if row.correlation is None else number(row.correlation)
        row.broken = row.signal is not None and not math.isfinite(row.signal)
        weight = next((p.detach() for p in parameters if p.ndim > 1), None)
        if weight is not None:
            # PyTorch's weights are (outputs, inputs, *kernel): flattened, a row holds the incoming weights of one unit.
            # Of an embedding a row is the vector of one word, which is looked up and not summed over: a fan-in of 1.
            matrix = weight.flatten(1).float()
            size = float(length(matrix)) / math.sqrt(max(matrix.numel(), 1))
            fan = 1 if isinstance(module, torch.nn.Embedding) else matrix.shape[1]
            row.sigma_w, row.units, row.equal = size * math.sqrt(fan), len(matrix), _equal(matrix) if size else 0
            grad = next((p.grad for p in parameters if p.ndim > 1), None)
            if grad is not None and size:
                row.weight_gradient = float(length(grad)) / math.sqrt(grad.numel()) / size
        if watch.calls[row.module] > 1:
            row.name = f"{row.name} (call {row.call})"


def _equal(matrix: Any) -> int:
    """Return the number of rows of a matrix that are equal to another row.

    Rows are sorted by their component along a random direction. Equal rows then lie side by side, and only neighbors
    have to be compared.
    """
    torch = torch_module()
    direction = torch.randn(matrix.shape[1], generator=torch.Generator().manual_seed(0)).to(matrix)
    along, order = (matrix @ direction).sort()
    # Neighbors whose components differ by more than rounding cannot be equal, and need no look at their entries.
    near = ((along[1:] - along[:-1]).abs() <= 1e-5 * along.abs().max()).nonzero().flatten()
    return int((matrix[order[near + 1]] == matrix[order[near]]).all(dim=1).sum())
