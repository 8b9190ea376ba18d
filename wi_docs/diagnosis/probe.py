"""The diagnosis of a PyTorch model: its signal and gradient at the start, measured by the hooks of `watch.py`.

The model is run forward and backward on one batch. Then parameters, buffers, gradients, modes, hooks and PyTorch's
random state are restored.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wi_docs.diagnosis.problems import ALIKE, Evidence, Exit, Problem, Row, burden, cosine, ends, problems, small_last
from wi_docs.diagnosis.watch import RAISED, alike, as_it_was, length, number, torch_module, watched
from wi_docs.nn import checks, gains, number_formats

__all__ = ["Probe", "Row", "load", "probe", "standard_inputs"]
MOVES = 4  # the most steps until a gradient has to come back: one for each factor of 0 that waits for another


@dataclass(frozen=True)
class Probe:
    """The result of `probe`: measurements, problems and advice.

    Attributes:
        model: name of the model's class.
        rows: the rows before the first step, in the order of the calls.
        after: the rows after the steps; None if no steps were taken.
        steps: number of steps of gradient descent.
        rate: their learning rate.
        loss: the loss before the first step.
        chance: the logarithm of the number of classes, the loss of a model that knows nothing; None for other losses.
        loss_after: the loss after the steps; None if no steps were taken.
        output_correlation: mean cosine of two examples' outputs; None for a single example, or for outputs of one
            number, which have a sign and no direction.
        problems: the problems found, the worst first.
        advice: a change that was tried on the model, and its effect, in words; empty if there is none.
        notes: sentences on facts that are worth knowing and are not judged.
        zeros: names of parameters that start at 0 and leave it within the first steps.
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
        """The last layer's factor on the gradient if the gradient vanishes through that layer alone; else None."""
        return small_last(self.rows)

    @property
    def before_last(self) -> Row | None:
        """The last row before the last weights that has a signal; None if there is none.

        A row of the model itself, if it has parameters of its own, is left out: its output is the network's.
        """
        rows = [row for row in self.rows if row.module]
        last = max((k for k, row in enumerate(rows) if row.matrix), default=0)
        return next((row for row in reversed(rows[:last]) if row.signal and row.correlation is not None), None)

    @property
    def ok(self) -> bool:
        """Whether no problem was found."""
        return not self.problems

    @property
    def verdict(self) -> str:
        """The verdict as a sentence or two."""
        if self.problems:
            return f"Bad: {self.problems[0].kind}. {self.problems[0].sentence}"
        pair, kept = ends(self.rows), "There are no two layers with weights to compare"
        if pair is not None and pair[1].reach > 0.0:
            first, last = pair
            kept = f"The gradient's length at {first} is {first.reach / last.reach:.2g} times that at {last}"
        chance = f", where chance is {self.chance:.2f}" if self.chance is not None else ""
        return f"Good. {kept}, and the first loss is {self.loss:.2f}{chance}."


def load(target: str) -> tuple[Any, Any, Any]:
    """Import `package.module:build`, call `build`, and return its model, inputs and targets, None for those not given.

    `build` takes no argument and returns a model, or a model and its inputs, or a model, inputs and targets. Its code
    is run.

    Raises:
        ValueError: if it cannot be imported or called, or gives no model.
    """
    torch = torch_module()
    name, colon, function = target.partition(":")
    if not colon or not name or not function:
        raise ValueError(f"--torch wants package.module:build, got {target!r}")
    try:
        found: Any = importlib.import_module(name)
        # The function may be an attribute of a class or an object: `package.module:Class.build`.
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
    # What `build` left out becomes None.
    inputs, targets = (*rest, None, None)[:2]
    return model, inputs, targets


def standard_inputs(model: Any, shape: tuple[int, ...] | None = None, batch: int = 32) -> Any:
    """Return a batch of standard normal inputs, or of random words for a model that starts with an embedding.

    Args:
        model: the module.
        shape: shape of one input; None to take it from the first layer: the features of a linear layer, channels by 32
            by 32 for a convolution, 16 words for an embedding.
        batch: number of inputs.

    Raises:
        ValueError: if the first layer does not tell the shape.
    """
    torch = torch_module()
    random = torch.Generator().manual_seed(0)
    # The shape of one input by the type of the first layer, without the batch.
    guesses: dict[Any, Callable[[Any], tuple[int, ...]]] = {
        torch.nn.Linear: lambda layer: (layer.in_features,),
        torch.nn.Conv1d: lambda layer: (layer.in_channels, 32),
        torch.nn.Conv2d: lambda layer: (layer.in_channels, 32, 32),
        torch.nn.Embedding: lambda layer: (16,),
    }
    for module in model.modules():
        # The first module with parameters of its own is taken for the first layer.
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
    """Run `model` forward and backward on one batch, measure each module with parameters, and judge its start.

    Args:
        model: a `torch.nn.Module`; it comes back as it was.
        inputs: a batch: a tensor, or a tuple of the model's arguments; None for standard normal ones.
        targets: classes (integers) for cross-entropy, or values for the squared error, a tensor, array or list; None
            for random classes, as many as the output has entries. A model that returns one number returns its loss, and
            takes none.
        steps: number of steps of plain gradient descent on the batch, after which the model is measured again.
        rate: learning rate of those steps.
        advise: whether to try other weights if the verdict is bad.

    Raises:
        ValueError: for a model without trainable parameters, one that fails on the batch, or whose output is no tensor.
        TypeError: for an argument of the wrong kind.
    """
    torch = torch_module()
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

    # Everything within may change the model: steps are taken on it, and other weights tried.
    with as_it_was(model):
        found = _measure(model, arguments, targets, steps, rate)
        if found.problems and advise:
            found = replace(found, advice=_advise(model, arguments, targets, found))
    return found


def _refuse(model: Any) -> None:
    """Raise a ValueError for a model that cannot be observed: scripted, on the meta device, or made for inference."""
    torch = torch_module()
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
    """Return targets as a tensor of real numbers; None stays None.

    Raises:
        ValueError: for a ragged list, complex numbers, or a tensor without values.
        TypeError: for anything that is no tensor, array or list.
    """
    torch = torch_module()
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


def _measure(model: Any, arguments: tuple[Any, ...], targets: Any, steps: int, rate: float) -> Probe:
    """Measure the model before and after `steps` steps of gradient descent, judge it, and return the result.

    It changes parameters and gradients; `as_it_was` restores them. There is no advice yet.
    """
    torch = torch_module()
    first = watched(model, arguments, targets)
    # Hooks see modules that are called; parameters that are used outside of their own module have no row.
    if not first.rows:
        raise ValueError(
            "no module was called that has parameters of its own, so there are no layers to watch. Parameters in an "
            "nn.ParameterList, or those that a function uses outside of their module, are not looked at"
        )
    zeros = _move_zeros(model, arguments, targets, first.rows)
    # Plain gradient descent, with the gradients that the last pass has left in the parameters.
    start = {name: p.detach().clone() for name, p in model.named_parameters()} if steps else {}
    last = None
    for _ in range(steps):
        with torch.no_grad():
            for p in model.parameters():
                if p.grad is not None:
                    p -= rate * p.grad
        last = watched(model, arguments, targets, hooks=False)
    after = None
    if steps:
        # A last pass with hooks measures the rows after the steps, and how far each weight has moved.
        final = watched(model, arguments, targets)
        for row in final.rows:
            name = f"{row.module}.weight".lstrip(".")
            if name in start:
                moved = dict(model.named_parameters())[name] - start[name]
                row.update = float(length(moved)) / max(float(length(start[name])), 1e-300)
        after, last = tuple(final.rows), final
    output = first.output
    # `chance` compares with cross-entropy, and is only known if that was the loss.
    classes = output.shape[-1] if output.ndim > 1 else 1
    counted = classes > 1 and (targets is None or not targets.is_floating_point())
    # Problems and notes are judged on the finished measurements, and added at the end.
    result = Probe(
        model=type(model).__name__,
        rows=tuple(first.rows),
        after=after,
        steps=steps,
        rate=rate,
        loss=float(first.loss.detach()),
        chance=math.log(classes) if counted else None,
        loss_after=float(last.loss.detach()) if last is not None else None,
        output_correlation=number(alike(output)[1]),
        zeros=zeros,
    )
    return replace(result, problems=problems(_evidence(result)), notes=_notes(model, result))


def _move_zeros(model: Any, arguments: tuple[Any, ...], targets: Any, rows: list[Row]) -> tuple[str, ...]:
    """Return the names of parameters that are 0 and get a gradient, and measure the gradients that they hold up.

    A layer before one factor of 0 gets no gradient until that factor has moved; before two factors of 0 on one path it
    never gets one. So where rows have a gradient of 0, the parameters that are 0 and get a gradient are moved a little,
    up to `MOVES` times, and `later` and `moves` of the rows are set when a gradient comes back. Parameters and
    gradients are restored at the end.
    """
    torch = torch_module()
    found: dict[str, Any] = {}
    grads = {name: p.grad for name, p in model.named_parameters()}
    for turn in range(MOVES):
        # Parameters that are exactly 0, get a gradient that is neither 0 nor infinite, and have not been moved yet.
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
                # A step of 0.01 in the entry with the largest gradient, whatever the size of the loss.
                p -= 0.01 * p.grad / p.grad.abs().max()
        again = watched(model, arguments, targets).rows
        for row, other in zip(rows, again, strict=False):
            if row.gradient == 0.0 and not row.later and other.gradient:
                row.later, row.moves = other.gradient, turn + 1
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.grad = grads[name]
            if name in found:
                p.zero_()
    return tuple(found)


def _evidence(found: Probe) -> Evidence:
    """Return the measurements as evidence for the rules of `problems`.

    The rows of an embedding's matrix are words and no units, and may be equal.
    """
    return Evidence(
        found.rows,
        tuple(row for row in found.rows if row.equal and row.matrix and row.kind != "Embedding"),
        found.before_last,
        ran=True,
        output_correlation=found.output_correlation,
        loss=found.loss,
        chance=found.chance,
    )


def _notes(model: Any, found: Probe) -> tuple[str, ...]:
    """Return sentences on facts that are worth knowing and are not judged: parameters, gradients, then outputs."""
    return (*_parameter_notes(model, found), *_gradient_notes(found), *_output_notes(found))


def _parameter_notes(model: Any, found: Probe) -> list[str]:
    """Return sentences on parameters that are frozen, called more than once, shared, without a gradient, or 0."""
    notes = []
    frozen = [row.name for row in found.rows if row.frozen]
    if frozen:
        notes.append(f"Frozen: {_few(frozen)}.")
    # A second call tells that there is more than one; later ones add nothing.
    repeated = [row.module or row.kind for row in found.rows if row.call == 2]
    if repeated:
        notes.append(f"Called more than once, with the same weights: {_few(repeated)}.")
    # One parameter under several names is a shared one, such as an embedding tied to the output layer.
    owners: dict[int, list[str]] = {}
    for name, p in model.named_parameters(remove_duplicate=False):
        owners.setdefault(id(p), []).append(name)
    shared = [" = ".join(names) for names in owners.values() if len(names) > 1]
    if shared:
        notes.append(f"Shared: {_few(shared)}.")
    unused = [name for name, p in model.named_parameters() if p.requires_grad and p.grad is None]
    if unused:
        notes.append(f"Without a gradient: {_few(unused)}.")
    silent = [row.module or row.kind for row in found.rows if row.matrix and row.sigma_w == 0.0 and row.call == 1]
    if silent:
        notes.append(
            f"All weights 0: {_few(silent)}. The last layer of a branch or of a network often starts so; whether it is "
            "meant here is not known."
        )
    return notes


def _gradient_notes(found: Probe) -> list[str]:
    """Return sentences on gradients that are 0 or small at first, and may be meant to be so."""
    notes = []
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
    return notes


def _output_notes(found: Probe) -> list[str]:
    """Return sentences on outputs that are alike although hidden rows are not, and on formats that are too small."""
    notes, hidden = [], found.before_last
    apart = None if found.output_correlation is None else 1 - found.output_correlation
    if apart is not None and apart < ALIKE and (hidden is None or 1 - hidden.correlation >= ALIKE):
        before = "" if hidden is None else f", those at {hidden} one of {hidden.correlation:.2f}"
        notes.append(
            f"Outputs for different inputs have a cosine of {cosine(apart)}{before}. What outputs have in common, such "
            "as a bias or a sign, does that; whether the loss sees how they differ is not known."
        )
    # Where values are infinite already, the ranges of other formats say nothing more.
    if not any(row.broken for row in found.rows):
        for name in ("fp16", "bf16"):
            _, largest = number_formats.limits(name)
            row = next((row for row in found.rows if row.signal is not None and row.signal > largest), None)
            if row is not None:
                notes.append(f"{name}: {Exit('signal', True, row.name)}")
    return notes


def _few(names: list[str]) -> str:
    """Return up to five names with commas, and the number of the others."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _advise(model: Any, arguments: tuple[Any, ...], targets: Any, now: Probe) -> str:
    """Try other weights in every linear layer and convolution, and return the best choice and its verdict in words.

    The result is empty if no choice leaves fewer problems than there are now. Layers that are frozen stay as they are,
    and so do layers that start at 0 and leave it by themselves: both may be meant.
    """
    torch = torch_module()
    kinds = [row.activation for row in now.rows if row.activation]
    # The gain is that of the activation that follows the most rows.
    phi = max(set(kinds), key=kinds.count) if kinds else "linear"
    every = {
        name: m for name, m in model.named_modules()
        if isinstance(m, torch.nn.Linear | torch.nn.Conv1d | torch.nn.Conv2d | torch.nn.Conv3d)
    }  # fmt: skip
    frozen = [name for name, m in every.items() if not m.weight.requires_grad]
    # `now.zeros` has the full names of parameters. The module's name is empty if the layer is the model itself.
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
                # PyTorch's weights are (outputs, inputs, *kernel): one output has inputs times kernel positions.
                fan_in = layer.weight[0].numel()
                layer.weight.copy_(torch.randn(layer.weight.shape) * gain / math.sqrt(fan_in))
                if layer.bias is not None and layer.bias.requires_grad:
                    layer.bias.zero_()
        after = _measure(model, arguments, targets, 0, now.rate)
        # Fewer problems first, then a smaller sum of their weights.
        if best is None or burden(after.problems) < best[:2]:
            of = f"for {phi}, {words}, {gain:.3g}" if words != "a gain of 1" else "a gain of 1"
            best = (
                *burden(after.problems),
                f"normal weights of deviation {gain:.3g}/sqrt(fan_in) ({of}) and biases of 0, in every linear layer "
                f"and convolution{but}. Tried on this model: {after.verdict}",
            )
    if best is None or best[:2] >= burden(now.problems):
        return ""
    return best[2]
