"""The diagnosis of a PyTorch model: its signal and gradient at the start, measured by the hooks of `watch.py`.

The model is run forward and backward on one batch. Then parameters, buffers, gradients, modes, hooks and PyTorch's
random state are restored.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from wi_docs.diagnosis import cure, fit, step, watch
from wi_docs.diagnosis.audit import Entry, audit
from wi_docs.diagnosis.meaning import Meaning, meaning
from wi_docs.diagnosis.problems import ALIKE, REACH, Evidence, Exit, Problem, Row, cosine, ends, problems, small_last
from wi_docs.diagnosis.step import RAISED, torch_module
from wi_docs.diagnosis.watch import alike, as_it_was, length, number, watched
from wi_docs.nn import checks, number_formats

__all__ = ["Probe", "Row", "load", "probe", "standard_inputs"]
VANISHING, EXPLODING = "vanishing gradient", "exploding gradient"
JUDGEMENTS = {  # by whether plain gradient descent and Adam have learned something of the inputs
    (False, False): "Bad",
    (False, True): "Bad for plain descent, while Adam learns this batch",
    (True, False): "Bad for Adam, while plain descent learns this batch",
    (True, True): "Learns this batch, at a cost",
}
INPUTS = 10.0  # an rms of the inputs beyond which it is noted: networks expect a mean square near 1
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
        chance: the loss of a model that knows nothing: the logarithm of the number of classes for cross-entropy, that
            of an output of 0 for the squared error; None for other losses.
        loss_after: the loss after the steps; None if no steps were taken.
        output_correlation: mean cosine of two examples' outputs; None for a single example, or for outputs of one
            number, which have a sign and no direction.
        problems: the problems found, the worst first.
        advice: a change that was tried on the model, and its effect, in words; empty if there is none.
        notes: sentences on facts that are worth knowing and are not judged.
        zeros: names of parameters that start at 0 and leave it within the first steps.
        parameters: what each parameter and buffer holds, whether it is called or not.
        what: what the loss is, in words.
        times: for each recurrent layer the length of the loss's gradient with respect to its input at each step.
        input_rms: rms of the inputs; None if they are no real numbers.
        cure: the same change as code, with what twenty steps of training say of it; None without advice.
        loud: the multiple of `chance` from which the first loss is too large.
        output_apart: share of the outputs' mean square that differs between examples; None for a single example.
        descent: what some steps of plain gradient descent make of the start, if it has problems and a training may
            refute them; else None, and where a step takes too long.
        adam: the same for Adam.
        advised: whether other weights were tried, if there is a problem.
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
    parameters: tuple[Entry, ...] = ()
    what: str = ""
    times: tuple[tuple[str, tuple[float, ...]], ...] = ()
    input_rms: float | None = None
    cure: cure.Cure | None = None
    loud: float = 4.0
    output_apart: float | None = None
    descent: fit.Fit | None = None
    adam: fit.Fit | None = None
    advised: bool = True

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

    def good_for(self, optimizer: str) -> bool:
        """Return whether no problem was found, or an optimizer has learned from the start all the same.

        Args:
            optimizer: `descent` or `adam`.

        Raises:
            ValueError: for another name.
        """
        seen = getattr(self, checks.lookup("optimizer", optimizer, fit.OPTIMIZERS))
        return self.ok or (seen is not None and bool(seen.learns))

    @property
    def judgement(self) -> str:
        """What the problems come to, in a few words."""
        if self.descent is None or self.adam is None:
            return "Bad"
        return JUDGEMENTS[bool(self.descent.learns), bool(self.adam.learns)]

    @property
    def verdict(self) -> str:
        """The verdict as a sentence or two."""
        if self.problems:
            return f"{self.judgement}: {self.problems[0].kind}. {self.problems[0].sentence}"
        pair, kept = ends(self.rows), "There are no two layers with weights to compare"
        if pair is not None and pair[1].reach > 0.0:
            first, last = pair
            kept = f"The gradient's length at {first} is {first.reach / last.reach:.2g} times that at {last}"
        chance = f", where chance is {self.chance:.2f}" if self.chance is not None else ""
        return f"Good. {kept}, and the first loss is {self.loss:.2f}{chance}."

    @property
    def meaning(self) -> Meaning:
        """What the verdict means for training, as it was measured on this model if it was."""
        means = meaning(self.problems)
        if self.descent is not None:
            means = replace(means, descent=str(self.descent))
        if self.adam is not None:
            means = replace(means, adam=str(self.adam), sure="measured on this model and batch, by short trainings")
        return means


def load(target: str) -> tuple[Any, Any, Any, Any]:
    """Import `package.module:build`, call `build`, and return its model, inputs, targets and loss, None for others.

    `build` takes no argument and returns a model, or a tuple or list of a model and its inputs, targets and loss, of
    which the last ones may be left out, or a dictionary with the keys model, inputs, targets and loss. The loss is a
    function of output and targets. Its code is run.

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
        raise ValueError(f"{target} failed: {step.said(error)}") from error
    if isinstance(built, Mapping) and not isinstance(built, torch.nn.Module):
        unknown = sorted(map(str, built.keys() - {"model", "inputs", "targets", "loss"}))
        if unknown:
            raise ValueError(f"{target} returned the key {unknown[0]!r}; known are model, inputs, targets and loss")
        built = tuple(built.get(key) for key in ("model", "inputs", "targets", "loss"))
    model, *rest = built if isinstance(built, tuple | list) and len(built) else (built,)
    if not isinstance(model, torch.nn.Module) or len(rest) > 3:
        raise ValueError(
            f"{target} must return a torch.nn.Module, or a tuple of it, inputs and targets (and a loss); got "
            f"{type(built).__name__}"
        )
    # A function in the place of targets is a loss. What `build` left out becomes None.
    given = next((item for item in rest[1:] if callable(item) and not isinstance(item, torch.Tensor)), None)
    inputs, targets = ([item for item in rest if item is not given or item is None] + [None, None])[:2]
    return model, inputs, targets, given


def standard_inputs(model: Any, shape: tuple[int, ...] | None = None, batch: int = 32) -> Any:
    """Return a batch of standard normal inputs, or of random words for a model that starts with an embedding.

    Args:
        model: the module.
        shape: shape of one input; None to take it from the first layer: the features of a linear layer, channels by 32
            by 32 for a convolution, 16 words for an embedding, 32 steps for a recurrent layer. A model of the
            transformers library says by its configuration what it takes.
        batch: number of inputs.

    Raises:
        ValueError: if the first layer does not tell the shape.
    """
    torch = torch_module()
    random = torch.Generator().manual_seed(0)
    nn = torch.nn
    config, main = getattr(model, "config", None), getattr(model, "main_input_name", "")
    side = getattr(config, "image_size", None)
    if shape is None and main == "pixel_values" and isinstance(side, int):
        return torch.randn(batch, getattr(config, "num_channels", 3), side, side, generator=random)
    # The shape of one input by the type of the first layer, without the batch.
    guesses: tuple[tuple[Any, Callable[[Any], tuple[int, ...]]], ...] = (
        (nn.Linear, lambda layer: (layer.in_features,)),
        ((nn.Conv1d, nn.ConvTranspose1d), lambda layer: (layer.in_channels, 32)),
        (nn.Conv2d, lambda layer: (layer.in_channels, 32, 32)),
        (nn.ConvTranspose2d, lambda layer: (layer.in_channels, 4, 4)),
        ((nn.Conv3d, nn.ConvTranspose3d), lambda layer: (layer.in_channels, 8, 8, 8)),
        (nn.Embedding, lambda _: (16,)),
        (nn.RNNBase, lambda layer: (32, layer.input_size)),
        (nn.modules.rnn.RNNCellBase, lambda layer: (layer.input_size,)),
        (nn.modules.batchnorm._BatchNorm, lambda layer: (layer.num_features,)),
        (nn.LayerNorm, lambda layer: tuple(layer.normalized_shape)),
        (nn.ParameterList, lambda layer: (next(p for p in layer if p.ndim == 2).shape[1],)),
    )
    for module in model.modules():
        # The first module with parameters of its own, and none within, is taken for the first layer.
        own = any(True for _ in module.parameters(recurse=False)) or watch.parametrized(module)
        if not own or watch.container(module):
            continue
        guess = next((guess for kinds, guess in guesses if isinstance(module, kinds)), None)
        if shape is None and guess is None:
            break
        try:
            size = (batch, *(shape or (guess(module) if guess else ())))
        except StopIteration:
            break
        if isinstance(module, nn.Embedding):
            return torch.randint(module.num_embeddings, size, generator=random)
        kind = next((p for p in model.parameters() if p.is_floating_point()), None)
        return torch.randn(size, generator=random) if kind is None else torch.randn(size, generator=random).to(kind)
    raise ValueError(
        "the first layer does not say what an input looks like: say --input 3,32,32, or let build return inputs too"
    )


def probe(
    model: Any,
    inputs: Any = None,
    targets: Any = None,
    *,
    loss: Any = None,
    steps: int = 0,
    rate: float = 0.01,
    advise: bool = True,
) -> Probe:
    """Run `model` forward and backward on one batch, measure each module with parameters, and judge its start.

    Args:
        model: a `torch.nn.Module`; it comes back as it was.
        inputs: a batch: a tensor, a tuple of the model's arguments, or a dictionary of its keyword arguments; None for
            standard normal ones.
        targets: classes, or numbers, as `step.loss` takes them; None for random ones. A model that returns its loss
            takes none.
        loss: a function of output and targets, or of the output alone, that returns the loss; None for the usual ones.
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
    if loss is not None and not callable(loss):
        raise TypeError(f"loss must be a function of output and targets, got {type(loss).__name__}")
    steps, rate = checks.count("steps", steps, least=0), checks.number("rate", rate, above=0.0)
    if not any(True for _ in model.parameters()):
        raise ValueError("the model has no parameters: there is nothing to initialize")
    trained = [p for p in model.parameters() if p.requires_grad]
    if not trained:
        raise ValueError("the model has no trainable parameter: requires_grad is False for all of them")
    if any(isinstance(p, torch.nn.parameter.UninitializedParameter) for p in model.parameters()):
        raise ValueError("the model has lazy parameters, which get their shape from a first batch: run one before")
    _refuse(model)
    if not isinstance(targets, tuple | list) and loss is None:
        targets = step.as_tensor(targets)  # what cannot be used is refused before the model runs
    inputs = standard_inputs(model) if inputs is None else inputs
    batch = Batch(inputs, targets, loss)

    # Everything within may change the model: steps are taken on it, and other weights tried.
    with as_it_was(model):
        entries = _audit(model)
        found = replace(_measure(model, batch, steps, rate, entries), parameters=entries, advised=advise)
        if found.problems and {problem.kind for problem in found.problems} <= fit.KINDS:
            found = replace(found, descent=fit.descent(model, batch), adam=fit.adam(model, batch))
        if found.problems and advise:
            remedy = cure.find(model, batch, found, lambda other: _measure(model, other, 0, rate, _audit(model)))
            if remedy is not None:
                found = replace(found, advice=remedy.words, cure=remedy)
    return found


@dataclass(frozen=True)
class Batch:
    """What a step is taken on: inputs, targets and the reader's own loss, the last two None if there are none."""

    inputs: Any
    targets: Any
    loss: Any


def _look(model: Any, batch: Batch, *, hooks: bool = True) -> Any:
    """Run one forward and one backward pass, and return the measurements."""
    return watched(model, batch.inputs, batch.targets, batch.loss, hooks=hooks)


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


def _audit(model: Any) -> tuple[Entry, ...]:
    """Return what each parameter and each buffer of real numbers holds."""
    torch = torch_module()
    modules = dict(model.named_modules())
    found = []
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        values = tensor.detach()
        if not values.is_floating_point() or values.layout != torch.strided or values.is_quantized:
            continue
        owner, _, leaf = name.rpartition(".")
        module = modules.get(owner)
        # Masks of attention are buffers that hold minus infinity by design.
        if not isinstance(tensor, torch.nn.Parameter) and not leaf.startswith("running_"):
            continue
        if module is not None and leaf == "weight" and values.ndim > 1 and not watch.recurrent(module):
            values = watch.by_unit(module, values)[0]
        values = values.cpu()
        values = values.float() if values.dtype in (torch.float16, torch.bfloat16) else values
        notes = ("frozen",) if isinstance(tensor, torch.nn.Parameter) and not tensor.requires_grad else ()
        found.append(replace(audit(name, values.numpy(), notes=notes), shape=tuple(tensor.shape)))
    return tuple(found)


def _measure(model: Any, batch: Batch, steps: int, rate: float, entries: tuple[Entry, ...]) -> Probe:
    """Measure the model before and after `steps` steps of gradient descent, judge it, and return the result.

    It changes parameters and gradients; `as_it_was` restores them. There is no advice yet.
    """
    torch = torch_module()
    first = _look(model, batch)
    # Hooks see modules that are called; parameters that are used outside of their own module have no row.
    if not first.rows:
        raise ValueError(
            "no module was called that has parameters of its own, and no product with a parameter was seen, so there "
            "are no layers to watch"
        )
    zeros = _move_zeros(model, batch, first.rows)
    if any(row.equal and row.matrix for row in first.rows):
        _still_equal(model, batch, first.rows)
    # Plain gradient descent, with the gradients that the last pass has left in the parameters.
    start = {name: p.detach().clone() for name, p in model.named_parameters()} if steps else {}
    last = None
    for _ in range(steps):
        with torch.no_grad():
            for p in model.parameters():
                if p.grad is not None:
                    p -= rate * p.grad
        last = _look(model, batch, hooks=False)
    after = None
    if steps:
        # A last pass with hooks measures the rows after the steps, and how far each weight has moved.
        final = _look(model, batch)
        for row in final.rows:
            name = row.parameter or f"{row.module}.weight".lstrip(".")
            if name in start:
                moved = dict(model.named_parameters())[name] - start[name]
                row.update = float(length(moved)) / max(float(length(start[name])), 1e-300)
        after, last = tuple(final.rows), final
    output = first.output
    # Problems and notes are judged on the finished measurements, and added at the end.
    result = Probe(
        model=type(model).__name__,
        rows=tuple(first.rows),
        after=after,
        steps=steps,
        rate=rate,
        loss=float(first.loss.value.detach()),
        chance=first.loss.chance,
        loss_after=float(last.loss.value.detach()) if last is not None else None,
        output_correlation=number(alike(output)[1]) if step.measurable(output) else None,
        output_apart=number(alike(output)[2]) if step.measurable(output) else None,
        zeros=zeros,
        parameters=entries,
        what=first.loss.what,
        times=tuple((name, tuple(values)) for name, values in first.times.items()),
        input_rms=_rms(batch.inputs),
        loud=first.loss.limit,
    )
    found = problems(_evidence(result))
    notes = _notes(model, result)
    kinds = {problem.kind for problem in found}
    scales = _small_scales(model) if kinds & {VANISHING, EXPLODING} else {}
    if scales and EXPLODING in kinds and _grows_by_scales(scales, result):
        found = tuple(problem for problem in found if problem.kind != EXPLODING)
        notes = (
            *notes,
            f"Scales start at one small number: {_few(list(scales))}. The gradient within a branch is that of the sum "
            "times its scale, which is enough to explain how small it is there. The verdict leaves that out.",
        )
    if scales and VANISHING in kinds:
        opened = _with_scales_of_one(model, batch, scales, result)
        if opened is not None and not any(problem.kind == VANISHING for problem in opened):
            # What the scales hold back is meant, and the verdict is about the rest.
            found = tuple(problem for problem in found if problem.kind != VANISHING)
            notes = (
                *notes,
                f"Scales start at one small number: {_few(list(scales))}. They hold back the gradient of what lies "
                "before. Such a start is made for Adam, which makes up for it; plain gradient descent takes long. The "
                "verdict is about the network with scales of 1.",
            )
    return replace(result, problems=found, notes=notes)


def _small_scales(model: Any) -> dict[str, Any]:
    """Return the parameters that multiply a branch by one small number, as those of LayerScale do, by their names.

    They are no biases, and hold the same number, not 0, of at most a tenth in all places. In single precision a tenth
    is a little more than that.
    """
    return {
        name: p for name, p in model.named_parameters()
        if watch.scale(p) and p.requires_grad and not name.rpartition(".")[2].startswith("bias") and p.numel()
        and 0.0 < abs(float(p.detach().flatten()[0])) <= 0.1 * (1 + 1e-6) and bool((p == p.flatten()[0]).all())
    }  # fmt: skip


def _grows_by_scales(scales: dict[str, Any], found: Probe) -> bool:
    """Return whether the gradient grows from the last row to the first only since the last is behind a small scale."""
    pair = ends(found.rows)
    smallest = min(abs(float(p.detach().flatten()[0])) for p in scales.values())
    return pair is not None and pair[0].reach * smallest < math.exp(REACH) * pair[1].reach


def _with_scales_of_one(model: Any, batch: Batch, scales: dict[str, Any], found: Probe) -> tuple[Problem, ...] | None:
    """Return the problems of the model with some scales set to 1; None if it fails. They are restored at the end."""
    torch = torch_module()
    kept = {name: p.detach().clone() for name, p in scales.items()}
    try:
        with torch.no_grad():
            for p in scales.values():
                p.fill_(1.0)
        rows = _look(model, batch).rows
        _move_zeros(model, batch, rows)
        return problems(_evidence(replace(found, rows=tuple(rows))))
    except ValueError:
        return None
    finally:
        with torch.no_grad():
            for name, p in scales.items():
                p.copy_(kept[name])


def _rms(inputs: Any) -> float | None:
    """Return the rms of the first tensor of real numbers in a batch, or None if there is none."""
    found = step.first_tensor(inputs)
    if not step.measurable(found) or not found.numel():
        return None
    return float(found.detach().double().square().mean().sqrt())


def _still_equal(model: Any, batch: Batch, rows: list[Row]) -> None:
    """Set `equal` of each row to the number of its equal units that are still equal after two steps.

    Units with the same incoming weights part at the first step if their outgoing weights differ, and in the last layer,
    where each has its own target. The steps are taken in evaluation mode, where no unit is dropped at random, and each
    moves a parameter by a tenth of its own size. Parameters, gradients and modes are restored at the end.
    """
    torch = torch_module()
    modules = dict(model.named_modules())
    modes = [(module, module.training) for module in modules.values()]
    values = [(p, p.detach().clone(), p.grad) for p in model.parameters()]
    watched_rows = [row for row in rows if row.equal and not row.parameter and row.module in modules]
    try:
        model.eval()
        for _ in range(2):
            try:
                _look(model, batch, hooks=False)
            except ValueError:  # a model that cannot be evaluated as it is trained
                for module, mode in modes:
                    module.training = mode
                _look(model, batch, hooks=False)
            with torch.no_grad():
                for p, *_ in values:
                    if p.grad is not None and p.grad.layout == torch.strided and bool(p.grad.any()):
                        size = float(length(p)) / math.sqrt(p.numel()) or 0.01
                        p -= 0.1 * size * p.grad / p.grad.abs().max()
        for row in watched_rows:
            table = watch.units(modules[row.module])
            moved = float(table.abs().max())
            row.equal = watch.equal(table, 1e-5 * moved) if math.isfinite(moved) else 0
    finally:
        with torch.no_grad():
            for p, value, grad in values:
                p.copy_(value)
                p.grad = grad
        for module, mode in modes:
            module.training = mode


def _move_zeros(model: Any, batch: Batch, rows: list[Row]) -> tuple[str, ...]:
    """Return the names of parameters that are 0 and get a gradient, and measure the gradients that they hold up.

    A layer before one factor of 0 gets no gradient until that factor has moved; before two factors of 0 on one path it
    never gets one. So where rows have a gradient of 0, the parameters that are 0 and get a gradient are moved a little,
    up to `MOVES` times, and `later` and `moves` of the rows are set when a gradient comes back. Parameters and
    gradients are restored at the end.
    """
    torch = torch_module()
    found: dict[str, Any] = {}
    kept = {name: p.grad for name, p in model.named_parameters()}
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
        again = _look(model, batch).rows
        for row, other in zip(rows, again, strict=False):
            if row.gradient == 0.0 and not row.later and other.gradient:
                row.later, row.moves = other.gradient, turn + 1
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.grad = kept[name]
            if name in found:
                p.zero_()
    return tuple(found)


def _evidence(found: Probe) -> Evidence:
    """Return the measurements as evidence for the rules of `problems`."""
    return Evidence(
        found.rows,
        tuple(row for row in found.rows if row.equal and row.matrix and row.call == 1),
        found.before_last,
        ran=True,
        output_apart=found.output_apart,
        loss=found.loss,
        chance=found.chance,
        loud=found.loud,
        faults=tuple((entry.name, entry.fault) for entry in found.parameters if entry.fault),
        times=found.times,
    )


def _notes(model: Any, found: Probe) -> tuple[str, ...]:
    """Return sentences on facts that are worth knowing and are not judged: parameters, gradients, then outputs."""
    loud = found.input_rms is not None and found.input_rms > INPUTS
    inputs = [f"The inputs have an rms of {found.input_rms:.3g}. Starts are made for inputs near 1."] if loud else []
    return (*inputs, *_parameter_notes(model, found), *_gradient_notes(found), *_output_notes(found))


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
    silent = [entry.name for entry in found.parameters if entry.sigma_w == 0.0 and not entry.fault]
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
    near = None if found.output_correlation is None else 1 - found.output_correlation
    if near is not None and near < ALIKE and (hidden is None or 1 - hidden.correlation >= ALIKE):
        before = "" if hidden is None else f", those at {hidden} one of {hidden.correlation:.2f}"
        notes.append(
            f"Outputs for different inputs have a cosine of {cosine(near)}{before}. What outputs have in common, such "
            "as a bias or a sign, does that; whether the loss sees how they differ is not known."
        )
    if found.loss_after is not None and not math.isfinite(found.loss_after):
        notes.append(f"The steps left the range of the numbers: after them the loss is {found.loss_after}.")
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
