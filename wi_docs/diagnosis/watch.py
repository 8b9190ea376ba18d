"""One forward and backward pass of a PyTorch model, observed through hooks and through PyTorch's own functions."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from wi_docs.diagnosis import behavior, step
from wi_docs.diagnosis.problems import Row
from wi_docs.diagnosis.step import torch_module

# Functions that multiply by a matrix, and those that normalize, by the names that PyTorch gives them.
PRODUCTS = frozenset((
    "linear", "matmul", "mm", "bmm", "addmm", "baddbmm", "einsum", "tensordot", "conv1d", "conv2d", "conv3d",
    "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "multi_head_attention_forward", "__matmul__",
    "__rmatmul__",
))  # fmt: skip
NORMS = frozenset(("batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm", "normalize"))
GATES = frozenset(("sigmoid", "tanh", "hardsigmoid"))  # activations whose output may multiply something else


@dataclass
class Watch:
    """The measurements of one pass.

    Attributes:
        rows: a row for each call of a module with parameters, and for each product with a parameter that is used
            outside of its module's call, in the order of the calls.
        calls: the number of calls of each row, by its name.
        output: the model's output, a tensor; None if it returns its loss alone.
        loss: the loss.
        times: for each recurrent layer the length of the loss's gradient with respect to its input at each step.
    """

    rows: list[Row] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    output: Any = None
    loss: Any = None
    times: dict[str, list[Any]] = field(default_factory=dict)
    # While the pass runs: the modules that are being called, the last row's output, the activation that was seen last
    # with its output, and whether the forward pass is over.
    inside: list[Any] = field(default_factory=list)
    last: Any = None
    gate: Any = None
    over: bool = False


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


def watched(model: Any, inputs: Any, targets: Any, given: Any = None, *, hooks: bool = True) -> Watch:
    """Run one forward and one backward pass, and return the measurements. Gradients stay in the parameters.

    Without `hooks` there are no rows, and the pass costs no more than usual.

    Args:
        model: the module.
        inputs: its batch, as `step.call` takes it.
        targets: the targets, as `step.loss` takes them.
        given: the reader's own loss, if any.
        hooks: whether to measure.

    Raises:
        ValueError: for a model that fails on the batch, or whose output or loss cannot be used.
    """
    torch = torch_module()
    watch, handles = Watch(), []
    # Gradients of an earlier pass would be added to those of this one.
    for p in model.parameters():
        p.grad = None
    torch.manual_seed(1)  # the same dropout and random targets each time
    eager = getattr(torch.compiler, "set_stance", None)  # compiled modules run as they were written
    try:
        for name, module in model.named_modules() if hooks else ():
            handles += _hooks(watch, name, module)
        with eager("force_eager") if eager else contextlib.nullcontext():
            with _functions(watch, model) if hooks else contextlib.nullcontext():
                output = step.call(model, inputs)
                watch.over = True
                watch.loss = step.loss(output, targets, given)
            watch.output = step.first_tensor(output)
            _backward(model, watch.loss.value)
    finally:
        for handle in handles:
            handle.remove()
    if hooks:
        _finish(model, watch)
    return watch


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
    except step.RAISED as error:
        # PyTorch has one class for all of its errors: only the words say which it is.
        words = str(error).partition(" Hint")[0]
        hint = " An in-place operation has overwritten what the backward pass needs." if "inplace" in words else ""
        raise ValueError(f"the backward pass fails: {words}.{hint}") from error
    if all(p.grad is None for p in model.parameters()):
        raise ValueError("no parameter gets a gradient: something on the way cuts it off, as quantized layers do")


# Modules


def parametrized(module: Any) -> bool:
    """Return whether a weight of the module is computed from other parameters (torch.nn.utils.parametrize)."""
    return bool(torch_module().nn.utils.parametrize.is_parametrized(module))


def part(module: Any) -> bool:
    """Return whether a module only serves another one's weights, as the lists behind a parametrization do."""
    torch = torch_module()
    lists = torch.nn.utils.parametrize.ParametrizationList, torch.nn.ParameterList, torch.nn.ParameterDict
    return isinstance(module, lists)


def container(module: Any) -> bool:
    """Return whether other modules with parameters lie within a module, those behind a parametrization left out."""
    return any(
        any(True for _ in child.parameters()) for name, child in module.named_children() if name != "parametrizations"
    )


def recurrent(module: Any) -> bool:
    """Return whether a module is one of PyTorch's recurrent layers or cells."""
    rnn = torch_module().nn.modules.rnn
    return isinstance(module, rnn.RNNBase | rnn.RNNCellBase)


def weight(module: Any) -> Any:
    """Return the weights that a module multiplies by, as they come out of a reparametrization, or None.

    Scales of channels are none, also if they have axes of length 1 for the positions.
    """
    torch = torch_module()
    found = getattr(module, "weight", None)
    if isinstance(found, torch.Tensor) and found.ndim > 1:
        return found.detach()
    return next((p.detach() for p in module.parameters(recurse=False) if p.ndim > 1 and not scale(p)), None)


def scale(p: Any) -> bool:
    """Return whether a parameter is one number, or a number for each channel and nothing else."""
    return bool(p.ndim <= 1 or (p.ndim > 2 and p.numel() == max(p.shape)))


def by_unit(module: Any, w: Any) -> tuple[Any, float]:
    """Return weights as a matrix with a row for each unit's incoming weights, and the fan-in.

    Weights of linear layers are (outputs, inputs), of convolutions (outputs, inputs of a group, *kernel), of transposed
    ones (inputs, outputs of a group, *kernel), of which a unit gets as many as fall on one position. Of a recurrent
    layer a unit has a row in each gate. Of an embedding a row is looked up and not summed over: a fan-in of 1.
    """
    nn = torch_module().nn
    if isinstance(module, nn.Embedding | nn.EmbeddingBag):
        return w, 1.0
    if isinstance(module, nn.modules.conv._ConvTransposeNd):
        groups = module.groups
        units = w.reshape(groups, w.shape[0] // groups, *w.shape[1:]).transpose(1, 2).flatten(0, 1).flatten(1)
        return units, units.shape[1] / math.prod(module.stride)
    if recurrent(module):
        units = w.reshape(-1, module.hidden_size, w.shape[1]).transpose(0, 1).flatten(1)
        return units, float(w.shape[1])
    if w.ndim == 2 and getattr(module, "nf", None) == w.shape[1] and type(module).__name__ == "Conv1D":
        return w.T, float(w.shape[0])  # the transformers library's linear layer of GPT-2
    units = w.flatten(1)
    return units, float(units.shape[1])


def units(module: Any) -> Any:
    """Return a matrix with a row for each unit of a module, its weights and its bias; None if there are no units."""
    torch = torch_module()
    w = weight(module)
    if w is None or isinstance(module, torch.nn.Embedding | torch.nn.EmbeddingBag):
        return None
    rows, _ = by_unit(module, w)
    bias = next((b for b in (getattr(module, "bias", None), getattr(module, "bias_ih_l0", None),
                             getattr(module, "bias_ih", None)) if isinstance(b, torch.Tensor)), None)  # fmt: skip
    if bias is None or bias.numel() % len(rows):
        return rows
    return torch.cat([rows, bias.detach().reshape(-1, len(rows)).T], 1)


# Hooks


def _hooks(watch: Watch, name: str, module: Any) -> list[Any]:
    """Return the handles of the hooks on a module: a row for one with parameters, a look at an activation without."""
    own = any(True for _ in module.parameters(recurse=False)) or parametrized(module)
    if own and not part(module):
        handles = [module.register_forward_hook(_hook(watch, name))]
        handles.append(module.register_forward_pre_hook(_entered(watch, name), with_kwargs=False))
        return handles
    if not any(True for _ in module.children()) and not own:
        return [module.register_forward_pre_hook(_seen_module(watch))]
    return []


def _entered(watch: Watch, name: str) -> Callable[..., Any]:
    """Return a hook that notes that a module is being called, and lets a recurrent layer's inputs get a gradient."""
    torch = torch_module()

    def entered(module: Any, args: Any) -> Any:
        if watch.over:
            return None
        watch.inside.append(module)
        if "Norm" in type(module).__name__:
            _normalized(watch, args)
        if not isinstance(module, torch.nn.RNNBase) or not args:
            return None
        x = args[0]
        data = x.data if isinstance(x, torch.nn.utils.rnn.PackedSequence) else x
        if not isinstance(data, torch.Tensor) or not torch.is_grad_enabled():
            return None
        data = data if data.requires_grad else data.detach().requires_grad_()
        packed = isinstance(x, torch.nn.utils.rnn.PackedSequence)
        axis = 1 if module.batch_first and data.ndim > 2 else 0

        def keep(gradient: Any) -> None:
            parts = gradient.split(x.batch_sizes.tolist()) if packed else gradient.unbind(axis)
            watch.times[name] = [length(part) for part in parts]

        data.register_hook(keep)
        return (x._replace(data=data) if packed else data, *args[1:])

    return entered


def _hook(watch: Watch, name: str) -> Callable[..., None]:
    """Return a forward hook that adds a row to `watch` for each call of the module `name`."""

    def seen(module: Any, _: Any, output: Any) -> None:
        if watch.inside and watch.inside[-1] is module:
            watch.inside.pop()
        z = step.first_tensor(output)
        if not step.measurable(z):
            return
        matrix = not container(module) and weight(module) is not None and not _several(module)
        _add(watch, Row(name or type(module).__name__, _kind(module), matrix, _unit_axis(module, z), module=name), z)

    return seen


def _kind(module: Any) -> str:
    """Return the class of a module, without the prefix that a parametrization gives it."""
    return type(module).__name__.removeprefix("Parametrized") if parametrized(module) else type(module).__name__


def _several(module: Any) -> bool:
    """Return whether a module multiplies by several matrices of its own, each of which gets a row."""
    own = [p for p in module.parameters(recurse=False) if p.ndim > 1]
    return len(own) > 1 and not recurrent(module) and not any(hasattr(module, f"{p}_v") for p in ("weight",))


def _add(watch: Watch, row: Row, z: Any) -> None:
    """Add a row with its output `z` to `watch`, and have its gradient noted in the backward pass.

    In the backward pass itself, layers are called again where memory is saved by computing twice (checkpointing). Such
    a call adds no row; it gives the first call's row its gradient if that had none.
    """
    torch = torch_module()
    if watch.over:
        known = [other for other in watch.rows if other.name == row.name and other.gradient is None]
        if known and z.requires_grad:
            z.register_hook(lambda gradient: _take(known[0], gradient))
        return
    watch.calls[row.name] = watch.calls.get(row.name, 0) + 1
    row.call, row.samples = watch.calls[row.name], len(z) if z.ndim else 1
    with torch.no_grad(), _unseen():
        # Numbers stay PyTorch scalars until `_finish`: reading one here would make a GPU wait for each module.
        values = z.detach()
        lengths, row.correlation, row.apart = alike(values)
        row.signal = length(lengths) / math.sqrt(max(values.numel(), 1))
    if z.requires_grad:
        # Called in the backward pass, with the loss's derivative with respect to this output.
        z.register_hook(lambda gradient: _take(row, gradient))
    watch.rows.append(row)
    watch.last = z


def _take(row: Row, gradient: Any) -> None:
    """Write the gradient's length into a row."""
    if gradient is not None:
        row.gradient = length(gradient)


# Functions


def _unseen() -> Any:
    """Return a context in which functions of PyTorch are not looked at: they are ours."""
    return torch_module()._C.DisableTorchFunction()


def _functions(watch: Watch, model: Any) -> Any:
    """Return a context in which every function of PyTorch that a model calls is looked at.

    Activations are noted in the last row, and products with parameters that are used outside of their module's call, or
    of modules with several, get a row. Modules such as nn.ReLU call functions such as torch.relu in the end, and a
    TorchFunctionMode is called in place of every function of PyTorch.
    """
    torch = torch_module()
    owners: dict[int, list[tuple[str, Any]]] = {}  # several for a shared parameter
    for name, module in model.named_modules():
        for p in module.parameters(recurse=False):
            if p.ndim > 1:
                owners.setdefault(id(p), []).append((name, module))
    names = {id(p): name for name, p in model.named_parameters()}

    def seen(self: Any, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        plain = name.rstrip("_") if not name.startswith("__") else name
        if watch.gate is not None:
            _is_gate(watch, plain, args)
        out = func(*args, **kwargs)
        if watch.over or not args:
            return out
        if plain in behavior.FUNCTIONS:
            _seen_function(watch, plain, func, args, kwargs, out)
        elif plain in NORMS:
            _normalized(watch, args)
        elif plain in PRODUCTS:
            _product(watch, plain, args, kwargs, out, owners, names)
        return out

    return type("Seen", (torch.overrides.TorchFunctionMode,), {"__torch_function__": seen})()


def _normalized(watch: Watch, args: Any) -> None:
    """Note that the last row's output is normalized, if it is what a normalization is called with."""
    if watch.rows and args and args[0] is watch.last and args[0] is not None:
        watch.rows[-1].normalized = True


def _product(watch: Watch, name: str, args: Any, kwargs: Any, out: Any, owners: Any, names: Any) -> None:
    """Add a row for a product with a parameter that is not the one matrix of a module that is being called."""
    torch = torch_module()
    found = []
    for value in [*args, *kwargs.values()]:
        for tensor in value if isinstance(value, tuple | list) else (value,):
            if isinstance(tensor, torch.Tensor):
                base = tensor if tensor._base is None else tensor._base
                if id(base) in owners:
                    found.append(base)
    z = step.first_tensor(out)
    if not found or not step.measurable(z):
        return
    p = found[-1]  # of an attention the last matrix makes the output
    for _, module in owners[id(p)]:
        called = any(module is other for other in watch.inside)
        if called and not part(module) and not container(module) and not _several(module):
            return
    owner = owners[id(p)][0][0]
    axis = 1 if name.startswith("conv") and z.ndim > 2 else z.ndim - 1
    _add(watch, Row(names.get(id(p), owner), "Parameter", True, axis, module=owner, parameter=names.get(id(p), "")), z)


def _seen_module(watch: Watch) -> Callable[..., None]:
    """Return a hook that measures a module without parameters, and notes it in the last row if it is an activation."""

    def seen(module: Any, args: Any) -> None:
        if watch.over or not args:
            return
        if "Norm" in type(module).__name__:
            _normalized(watch, args)
        if not watch.rows or watch.rows[-1].activation is not None:
            return
        numbers = {key: v for key, v in vars(module).items() if isinstance(v, int | float | str)}
        key = f"{type(module).__module__} {module!r} {numbers}"
        _note(watch, _measured(type(module).__name__, module.forward, key), args[0])

    return seen


def _seen_function(watch: Watch, name: str, func: Any, args: Any, kwargs: Any, out: Any) -> None:
    """Note a function that may be an activation in the last row."""
    torch = torch_module()
    if not isinstance(args[0], torch.Tensor) or not watch.rows or watch.rows[-1].activation is not None:
        return
    if any(isinstance(value, torch.Tensor) and value.numel() > 1 for value in args[1:]):
        return  # a slope for each channel
    if not args[0].requires_grad and watch.last is not None and watch.last.requires_grad:
        return  # of something else, such as the sines and cosines of positions
    others = [float(v.detach()) if isinstance(v, torch.Tensor) else v for v in [*args[1:], *kwargs.values()]]
    key = f"{name} {others}"
    options = {key: value for key, value in kwargs.items() if key != "inplace"}

    def f(z: Any) -> Any:
        rest = [v.detach().to(z) if isinstance(v, torch.Tensor) else v for v in args[1:]]
        return func(z.clone(), *rest, **options)

    if _note(watch, _measured(name, f, key), args[0]) and name in GATES:
        watch.gate = (watch.rows[-1], out, args[0], f)


def _is_gate(watch: Watch, name: str, args: Any) -> None:
    """Take back an activation whose output only multiplies something, or is part of a longer formula.

    `x * sigmoid(x)` is measured as one function. A sigmoid times anything else is a gate, and `1 + tanh(...)` a part of
    GELU's formula.
    """
    row, out, z, f = watch.gate
    if not any(value is out for value in args):
        return
    watch.gate = None
    operation = name.strip("_").removeprefix("r")
    if operation not in ("mul", "add", "sub"):
        return
    others = [value for value in args if value is not out]
    tensor = bool(others) and isinstance(others[0], torch_module().Tensor)
    if operation == "mul" and not tensor:
        return  # a factor
    if operation != "mul" and tensor:
        return  # a sum, as in a residual network
    row.activation = row.saturated = row.dead = row.limit = None
    if operation == "mul" and others[0] is z:
        _note(watch, _measured(f"x * {name}(x)", lambda g: g * f(g), ""), z, row)


_MEASURED: dict[str, behavior.Behavior | None] = {}  # by what tells functions apart; measuring one takes milliseconds


def _measured(name: str, f: Callable[[Any], Any], key: str) -> behavior.Behavior | None:
    """Return what a function of tensors does to one number; None if it is no activation.

    Functions of the same `key` are measured once; those of an empty key always.
    """
    torch = torch_module()
    if key in _MEASURED:
        return _MEASURED[key]

    def of_array(z: Any) -> Any:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            x = torch.tensor(z.copy())  # PyTorch takes no array that runs backward
            try:
                return f(x).numpy()
            except RuntimeError:  # its own numbers are of single precision
                return f(x.float()).double().numpy()

    with _unseen():
        found = behavior.measured(name, of_array)
    if key:
        _MEASURED[key] = found
    return found


def _note(watch: Watch, found: behavior.Behavior | None, z: Any, row: Row | None = None) -> bool:
    """Write into a row, the last by default, the shares of saturated entries and of dead units, given the input `z`.

    Both are PyTorch scalars. A unit is dead if it is saturated for every example and at every position.

    Returns:
        Whether the activation was noted: only the first one behind a row counts as the one that follows it.
    """
    torch = torch_module()
    row = row or (watch.rows[-1] if watch.rows else None)
    if found is None or row is None or row.activation is not None or not step.measurable(z):
        return False
    row.activation, row.limit, row.like, row.gain = found.name, found.limit, found.like, found.gain
    with torch.no_grad(), _unseen():
        values, off = z.detach(), None
        # `off` marks the entries of `z` that lie in one of the intervals on which the slope is below a tenth of the
        # largest.
        for low, high in found.flat[:64]:
            inside = values <= high if low == -math.inf else values >= low
            if low > -math.inf and high < math.inf:
                inside &= values <= high
            off = inside if off is None else off | inside
        if off is None or off.ndim < 2:
            return True
        axis = min(row.axis, off.ndim - 1)
        # The number of saturated entries of each unit. A unit is dead if it is the number of all its entries.
        unit = off.sum(dim=[k for k in range(off.ndim) if k != axis], dtype=torch.int64)
        each = off.numel() // max(off.shape[axis], 1)
        row.saturated, row.dead = unit.sum() / max(off.numel(), 1), (unit == each).double().mean()
        if values.isnan().any():  # of a value that is no number nothing is known
            row.saturated = row.dead = torch.tensor(math.nan)
        row.outputs = off.shape[axis]
    return True


def _unit_axis(module: Any, z: Any) -> int:
    """Return the axis of the output `z` that counts units: the second behind convolutions and their normalizations.

    Behind all other modules it is the last.
    """
    nn = torch_module().nn
    channels = nn.modules.conv._ConvNd, nn.modules.batchnorm._BatchNorm, nn.GroupNorm
    return 1 if isinstance(module, channels) and z.ndim > 2 else z.ndim - 1


def length(x: Any) -> Any:
    """Return the Euclidean norm of all entries of a tensor, as a tensor of one number in single precision at least.

    In half precision the sum of squares would overflow at 65504.
    """
    torch = torch_module()
    x = x.detach()
    if x.dtype == torch.float32:
        flat = x.reshape(-1)
        square = flat.dot(
            flat
        )  # several times as fast as `vector_norm`, where squares stay far from the ends of floats
        if 1e-25 < square < 1e35:
            return square.sqrt()
    return torch.linalg.vector_norm(x, dtype=torch.float32 if x.element_size() < 4 else None)


def alike(x: Any) -> tuple[Any, Any, Any]:
    """Return the Euclidean norm of each example, `(examples,)`, and two measures of how alike examples are.

    The first is the mean cosine over all pairs of examples, which are counted by the first axis of `x`. It is NaN for a
    single example, and for examples of one number, which have a sign and no direction. The second is the share of their
    mean square that differs between them: the variance around their mean over the mean square. For examples of one
    length it is one minus the cosine. It is NaN for a single example.
    """
    torch = torch_module()
    with torch.no_grad():
        flat = _examples(x)
        if not flat.numel():
            return torch.zeros(0), torch.tensor(math.nan), torch.tensor(math.nan)
        n, lengths = len(flat), torch.linalg.vector_norm(flat, dim=1)
        # The sum of the examples' directions, and of the examples in units of the longest.
        unit = lengths / lengths.max().clamp_min(1e-30)
        total, whole = (
            torch.stack([1 / lengths.clamp_min(1e-30), (1 / lengths.max().clamp_min(1e-30)).expand(n)]) @ flat
        )
        # As in `simulate.alike`: |sum u_i|^2 = n + the sum of the cosines of all ordered pairs, without a matrix of
        # pairs.
        cosine = ((total @ total) - n) / (n * (n - 1)) if min(flat.shape) > 1 else torch.tensor(math.nan)
        if n < 2:
            return lengths, cosine, torch.tensor(math.nan)
        square = unit.square().sum()
        apart = ((square - whole @ whole / n) / square.clamp_min(1e-30) * (n / (n - 1))).clamp_min(0.0)
        if n * flat.shape[1] < 1_000_000 and bool(apart < 1e-3):
            # The difference of two numbers that are nearly equal: taken again, without rounding it away.
            unit = flat.double() / lengths.max().clamp_min(1e-30)
            apart = (unit - unit.mean(0)).square().sum() / square.clamp_min(1e-30) * (n / (n - 1))
        return lengths, cosine, apart


def _examples(x: Any) -> Any:
    """Return a tensor as a matrix with a row for each example, in single precision at least."""
    flat = x.detach().flatten(1) if x.ndim > 1 else x.detach().reshape(-1, 1)
    return flat.float() if flat.element_size() < 4 else flat


def number(x: Any) -> float | None:
    """Return the number in a tensor of one entry as a float, or None if it is NaN."""
    return None if math.isnan(float(x)) else float(x)


def _finish(model: Any, watch: Watch) -> None:
    """Convert the measurements of the hooks into floats, and add those of the parameters and their gradients."""
    modules, parameters = dict(model.named_modules()), dict(model.named_parameters())
    for row in watch.rows:
        module = modules[row.module]
        own = list(module.parameters(recurse=False))
        if row.parameter:
            own = [parameters[row.parameter]]
        elif parametrized(module):
            own = [*own, *module.parametrizations.parameters()]
        row.frozen = bool(own) and not any(p.requires_grad for p in own)
        for key in ("signal", "gradient", "correlation", "saturated", "dead"):
            value = getattr(row, key)
            setattr(row, key, None if value is None else float(value))
        row.correlation = None if row.correlation is None else number(row.correlation)
        row.apart = None if row.apart is None else number(row.apart)
        row.broken = row.signal is not None and not math.isfinite(row.signal)
        w = own[0].detach() if row.parameter else weight(module) if row.matrix else None
        if w is not None and w.numel():
            matrix, fan = (w.flatten(1), float(w[0].numel())) if row.parameter else by_unit(module, w)
            size = float(length(w)) / math.sqrt(w.numel())
            row.sigma_w, row.units = size * math.sqrt(fan), len(matrix)
            row.equal = equal(matrix) if size and not row.parameter else 0
            table = units(module) if row.equal else None  # with biases
            row.equal = 0 if table is None else equal(table)
            grad = next((p.grad for p in own if p.ndim > 1), None)
            if grad is not None and size:
                row.weight_gradient = float(length(grad)) / math.sqrt(grad.numel()) / size
        if watch.calls[row.name] > 1:
            row.name = f"{row.name} (call {row.call})"
    watch.times = {name: [float(value) for value in values] for name, values in watch.times.items()}


def equal(matrix: Any, apart: float = 0.0) -> int:
    """Return the number of rows of a matrix that are equal to another row, up to `apart` in each entry.

    Rows are sorted by their component along a random direction. Equal rows then lie side by side, and only neighbors
    have to be compared.
    """
    torch = torch_module()
    if len(matrix) < 2 or not matrix.shape[1]:
        return 0
    if apart == 0.0 and len(matrix[:, 0].unique()) == len(matrix):  # their first entries differ already
        return 0
    matrix = matrix.float()
    direction = torch.randn(matrix.shape[1], generator=torch.Generator().manual_seed(0)).to(matrix)
    along, order = (matrix @ direction).sort()
    # Neighbors whose components differ by more than rounding cannot be equal, and need no look at their entries.
    reach = 1e-5 * along.abs().max() + apart * direction.abs().sum()
    near = ((along[1:] - along[:-1]).abs() <= reach).nonzero().flatten()
    return int(((matrix[order[near + 1]] - matrix[order[near]]).abs() <= apart).all(dim=1).sum())
