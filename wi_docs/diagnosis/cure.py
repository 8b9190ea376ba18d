"""Changes to the start of a PyTorch model, tried on it by its gradients and by twenty steps, and as code to paste."""

from __future__ import annotations

import math
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from wi_docs.diagnosis import fit, watch
from wi_docs.diagnosis.problems import burden
from wi_docs.diagnosis.step import torch_module
from wi_docs.nn import gains

if TYPE_CHECKING:
    from wi_docs.diagnosis.probe import Batch, Probe

STEPS = 20
SECONDS = 6.0  # the time for all trials of a model; what does not fit into it is left out, and the words say so
RATE = 1e-3  # of Adam, its default
SHOWN = 6  # the most layers that the code names one by one


@dataclass(frozen=True)
class Cure:
    """A change that was tried on a model and helps.

    Attributes:
        words: the change and the verdict after it.
        code: lines of PyTorch that make it.
        before: the loss before and after `STEPS` steps of Adam on the batch from the start as it is; NaN if they fail.
        after: the same from the changed start.
        steps: the number of steps, fewer where they take long.
    """

    words: str
    code: str
    before: tuple[float, float]
    after: tuple[float, float]
    steps: int = STEPS


@dataclass(frozen=True)
class Change:
    """A change to try: in words, as code, what makes it, and the batch that it is judged on."""

    words: str
    code: str
    apply: Callable[[], None]
    batch: Any


def find(model: Any, batch: Batch, now: Probe, measure: Callable[[Any], Probe]) -> Cure | None:
    """Return the change after which the fewest problems are left and the loss falls lower, or None if none helps.

    Layers that are frozen stay as they are, and so do layers that start at 0 and leave it by themselves: both may be
    meant.

    Args:
        model: the model, which is changed. Whoever calls this restores it.
        batch: its batch.
        now: its diagnosis as it stands.
        measure: a function that diagnoses the model on a batch.
    """
    torch = torch_module()
    kept = [(t, t.detach().clone()) for t in [*model.parameters(), *model.buffers()]]

    def restore() -> None:
        with torch.no_grad():
            for tensor, value in kept:
                tensor.copy_(value)

    tried: list[Any] = []
    began = time.monotonic()
    for order, change in enumerate(_changes(model, batch, now)):
        if order > 1 and time.monotonic() - began > SECONDS / 2:
            break
        try:
            with torch.no_grad():
                change.apply()
            after = measure(change.batch)
        except (ValueError, RuntimeError):  # a change that does not fit to the model
            continue
        finally:
            restore()
        if _fewer(after, now):
            tried.append((burden(after.problems), order, change, after))
        if after.ok:
            break
    if not tried:
        return None
    before = _trained(model, batch, SECONDS / 4)
    restore()
    for *_, change, after in sorted(tried, key=lambda entry: entry[:2]):
        with torch.no_grad():
            change.apply()
        then = _trained(model, change.batch, SECONDS / 4)
        restore()
        # Fewer steps than asked for say nothing.
        if min(before[2], then[2]) < STEPS or _better(before, then):
            words = f"{change.words}. Tried on this model: {after.verdict}"
            return Cure(words, change.code, before[:2], then[:2], int(min(before[2], then[2])))
    return None


def _fewer(after: Probe, now: Probe) -> bool:
    """Return whether a change leaves fewer problems, or as many that weigh less by more than a draw's luck, a tenth."""
    (count, weight), (counted, weighed) = burden(after.problems), burden(now.problems)
    return count < counted or (count == counted and weight < 0.9 * weighed)


def _better(before: tuple[float, float, float], after: tuple[float, float, float]) -> bool:
    """Return whether a training ends lower than another, both as `_trained` returns them.

    Infinity and NaN are worse than any number. If both end so, as Adam does in half precision, the first loss decides:
    a change that makes it finite helps.
    """
    if math.isfinite(after[1]):
        return not after[1] >= before[1]
    return not math.isfinite(before[1]) and not math.isfinite(before[0]) and math.isfinite(after[0])


def _trained(model: Any, batch: Batch, seconds: float) -> tuple[float, float, float]:
    """Return the loss on the batch before and after steps of Adam, NaN where it cannot be computed, and their number.

    It is `STEPS` if they fit into the seconds.
    """
    adam = torch_module().optim.Adam
    try:
        losses, _ = fit.trained(model, batch, partial(adam, lr=RATE), STEPS, seconds=seconds)
    except ValueError:
        return math.nan, math.nan, STEPS
    # The mean of the last losses: one step of a new start may overshoot.
    taken = len(losses) - 1 if math.isfinite(losses[-1]) else STEPS  # infinity stays, whatever comes after
    return losses[0], sum(losses[-3:]) / len(losses[-3:]), taken


def _changes(model: Any, batch: Batch, now: Probe) -> Iterator[Change]:
    """Yield changes to try, the smallest first: parameters without values, inputs, one layer, all layers."""
    modules = dict(model.named_modules())
    parameters = dict(model.named_parameters())
    layers = {name: m for name, m in modules.items() if _layer(m) and _trainable(m)}
    layers = {name: m for name, m in layers.items() if f"{name}.weight".lstrip(".") not in now.zeros}
    faulty = [entry.name for entry in now.parameters if entry.fault and entry.name in parameters]
    if faulty:
        yield _new_values(modules, parameters, faulty, batch)
    if now.input_rms is not None and now.input_rms > 3.0:
        yield from _scaled_inputs(batch, now.input_rms)
    last = next((row for row in reversed(now.rows) if row.matrix and row.module in layers), None)
    if last is not None and last.sigma_w is not None and last.sigma_w > 2.0:
        yield _drawn({last.module: layers[last.module]}, 1.0, f"a gain of 1 in {last.module or 'the layer'}", batch)
    yield from _recurrent(modules, now, batch)
    kinds = [row.activation for row in now.rows if row.activation]
    # The gain is that of the activation that follows the most rows.
    phi = max(set(kinds), key=kinds.count) if kinds else "linear"
    frozen = [name for name, m in modules.items() if _layer(m) and not _trainable(m)]
    waiting = [name for name, m in modules.items() if _layer(m) and f"{name}.weight".lstrip(".") in now.zeros]
    held = [words for words, some in (("are frozen", frozen), ("start at 0 and leave it", waiting)) if some]
    but = f" but those that {' or '.join(held)}" if held else ""
    for words, gain in _gains(now, phi):
        of = f"for {phi}, {words}, {gain:.3g}" if words != "a gain of 1" else "a gain of 1"
        if layers:
            yield _drawn(layers, gain, of, batch, but=but)
        loose = {row.parameter: parameters[row.parameter] for row in now.rows if row.parameter in parameters}
        if loose and not layers:
            yield _drawn_parameters(loose, gain, of, batch)


def _gains(now: Probe, phi: str) -> list[tuple[str, float]]:
    """Return the gains to try by their names in sentences."""
    try:
        ours = [("its gain", gains.gain(phi)), ("its backward gain", gains.gain(phi, direction="backward"))]
    except ValueError:  # a function that is none of ours, and was measured
        ours = [("its gain", row.gain) for row in now.rows if row.activation == phi and row.gain][:1]
    return [*ours, ("a gain of 1", 1.0)]


def _layer(module: Any) -> bool:
    """Return whether a module is a linear layer or a convolution, transposed or not."""
    nn = torch_module().nn
    return isinstance(module, nn.Linear | nn.modules.conv._ConvNd) or (
        type(module).__name__ == "Conv1D" and hasattr(module, "nf")
    )


def _trainable(module: Any) -> bool:
    """Return whether a layer's weights are trained."""
    return any(p.requires_grad for name, p in module.named_parameters() if not name.endswith("bias"))


def _fan_in(module: Any) -> float:
    """Return the fan-in of a layer."""
    return watch.by_unit(module, watch.weight(module))[1]


def _set(module: Any, w: Any) -> None:
    """Write weights into a layer, through a reparametrization if it has one."""
    torch = torch_module()
    if watch.parametrized(module):
        module.weight = w
    elif hasattr(module, "weight_g") and hasattr(module, "weight_v"):  # torch.nn.utils.weight_norm
        module.weight_v.copy_(w)
        axes, keepdim = _axes(module)
        module.weight_g.copy_(torch.linalg.vector_norm(w, dim=axes, keepdim=keepdim))
    elif hasattr(module, "weight_orig"):  # torch.nn.utils.spectral_norm, and pruning
        module.weight_orig.copy_(w)
    else:
        module.weight.copy_(w)


def _drawn(layers: dict[str, Any], gain: float, of: str, batch: Any, *, but: str = "") -> Change:
    """Return the change to normal weights of a gain in some layers, and biases of 0."""
    torch = torch_module()

    def apply() -> None:
        for module in layers.values():
            w = watch.weight(module)
            _set(module, torch.randn(w.shape).to(w) * gain / math.sqrt(_fan_in(module)))
            bias = getattr(module, "bias", None)
            if bias is not None and bias.requires_grad:
                bias.zero_()

    one = len(layers) == 1 and not but and gain == 1.0
    name = next(iter(layers))
    where = f"in {name or 'the layer'}" if one else f"in every linear layer and convolution{but}"
    words = f"normal weights of deviation {gain:.3g}/sqrt(fan_in) ({of}) and biases of 0, {where}"
    return Change(words, _code(layers, gain), apply, batch)


def _code(layers: dict[str, Any], gain: float) -> str:
    """Return lines of PyTorch that draw normal weights of a gain: a line for each of a few layers, or a loop.

    The loop names the layers too. A condition on their class would meet those that are left as they are, and fan-ins
    cannot be told from a weight alone: a transposed convolution has its inputs first.
    """
    computed = any(_computed(module) for module in layers.values())
    lines = [*(["import torch"] if computed else []), "from torch import nn", ""]
    if len(layers) <= SHOWN:
        for name, module in layers.items():
            where = f'model.get_submodule("{name}")' if name else "model"
            lines += _fill(module, where, f"{gain / math.sqrt(_fan_in(module)):.4g}")
        return "\n".join(lines)
    # Layers with the same lines, by these lines: most models have one kind.
    kinds: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for name, module in layers.items():
        deviations = kinds.setdefault(tuple(_fill(module, "layer", "std")), {})
        deviations.setdefault(f"{gain / math.sqrt(_fan_in(module)):.4g}", []).append(name)
    for fill, deviations in kinds.items():
        lines.append("layers = {")
        for std, names in deviations.items():
            words = textwrap.wrap(" ".join(names), 80, break_long_words=False, break_on_hyphens=False)
            lines += [f'    {std}: """', *words, '    """,']
        lines += ["}", "for std, names in layers.items():", "    for name in names.split():"]
        lines += ["        layer = model.get_submodule(name)", *(f"        {line}" for line in fill)]
    return "\n".join(lines)


def _computed(module: Any) -> bool:
    """Return whether a layer's weight is computed from other tensors: by a parametrization, or as PyTorch once did."""
    return watch.parametrized(module) or any(hasattr(module, name) for name in ("weight_g", "weight_orig"))


def _fill(module: Any, layer: str, std: str) -> list[str]:
    """Return lines that do to a layer what `_drawn` does, given the code of the layer and of the deviation.

    A weight that a reparametrization computes is no place to write to: it is computed anew before it is used.
    """
    drawn = f"    w = {std} * torch.randn({layer}.weight.shape).to({layer}.weight)"
    if watch.parametrized(module):
        lines = ["with torch.no_grad():", drawn, f"    {layer}.weight = w"]
    elif hasattr(module, "weight_g") and hasattr(module, "weight_v"):
        axes, keepdim = _axes(module)
        lines = ["with torch.no_grad():", drawn, f"    {layer}.weight_v.copy_(w)"]
        lines.append(f"    {layer}.weight_g.copy_(torch.linalg.vector_norm(w, dim={axes}, keepdim={keepdim}))")
    elif hasattr(module, "weight_orig"):
        lines = ["with torch.no_grad():", drawn, f"    {layer}.weight_orig.copy_(w)"]
    else:
        lines = [f"nn.init.normal_({layer}.weight, std={std})"]
    bias = getattr(module, "bias", None)
    return [*lines, f"nn.init.zeros_({layer}.bias)"] if bias is not None and bias.requires_grad else lines


def _axes(module: Any) -> tuple[list[int], bool]:
    """Return the axes over which the lengths of `torch.nn.utils.weight_norm` are taken, and whether they are kept."""
    g = module.weight_g  # one length for each unit, or with dim=None a single one without axes
    return [k for k in range(module.weight_v.ndim) if not g.ndim or g.shape[k] == 1], bool(g.ndim)


def _drawn_parameters(loose: dict[str, Any], gain: float, of: str, batch: Any) -> Change:
    """Return the change to normal weights of a gain in parameters that no module's call uses."""
    torch = torch_module()

    def apply() -> None:
        for p in loose.values():
            p.copy_(torch.randn(p.shape).to(p) * gain / math.sqrt(p[0].numel()))

    lines = ["from torch import nn", ""]
    lines += [
        f'nn.init.normal_(model.get_parameter("{name}"), std={gain / math.sqrt(p[0].numel()):.4g})'
        for name, p in list(loose.items())[:SHOWN]
    ]
    lines += [f"# and likewise for {len(loose) - SHOWN} more"] if len(loose) > SHOWN else []
    words = f"normal weights of deviation {gain:.3g}/sqrt(fan_in) ({of}), in every matrix"
    return Change(words, "\n".join(lines), apply, batch)


def _new_values(modules: dict[str, Any], parameters: dict[str, Any], faulty: list[str], batch: Any) -> Change:
    """Return the change that draws parameters without values anew, and leaves all others."""
    torch = torch_module()
    deviations: dict[str, float | None] = {}
    for name in faulty:
        p, owner = parameters[name], modules.get(name.rpartition(".")[0])
        if p.ndim < 2:
            deviations[name] = None
        elif isinstance(owner, torch.nn.Embedding):
            deviations[name] = 0.02
        else:
            deviations[name] = 1 / math.sqrt(p[0].numel())

    def apply() -> None:
        for name, deviation in deviations.items():
            p = parameters[name]
            if deviation is None:
                p.fill_(0.0 if name.endswith("bias") else 1.0)
            else:
                p.copy_(torch.randn(p.shape).to(p) * deviation)

    lines = ["from torch import nn", ""]
    for name, deviation in list(deviations.items())[:SHOWN]:
        fill = "zeros_" if name.endswith("bias") else "ones_"
        where = f'model.get_parameter("{name}")'
        lines.append(
            f"nn.init.{fill}({where})" if deviation is None else f"nn.init.normal_({where}, std={deviation:.4g})"
        )
    return Change(f"new values for {', '.join(faulty[:SHOWN])}", "\n".join(lines), apply, batch)


def _scaled_inputs(batch: Batch, rms: float) -> Iterator[Change]:
    """Yield the change that scales the inputs to a mean square of 1, and the model as it is."""
    import dataclasses

    torch = torch_module()

    def scaled(value: Any) -> Any:
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            return value / rms
        if isinstance(value, tuple):
            return tuple(scaled(item) for item in value[:1]) + value[1:]
        return value

    new = scaled(batch.inputs)
    if new is not batch.inputs:
        words = f"inputs divided by {rms:.3g}, so that their mean square is 1, and the model as it is"
        yield Change(words, f"inputs = inputs / {rms:.4g}", lambda: None, dataclasses.replace(batch, inputs=new))


def _recurrent(modules: dict[str, Any], now: Probe, batch: Any) -> Iterator[Change]:
    """Yield changes to recurrent layers whose gradient is lost: gates that stay open, or orthogonal weights."""
    torch = torch_module()
    steps = {name: len(lengths) for name, lengths in now.times}
    found = {name: m for name, m in modules.items() if name in steps and isinstance(m, torch.nn.RNNBase)}
    found = {name: m for name, m in found.items() if m.bias or m.mode.startswith("RNN")}  # a gate opens by its bias
    if not found:
        return

    def apply() -> None:
        for name, module in found.items():
            _open(module, math.log(max(steps[name], 3)))

    lines = ["from torch import nn", ""]
    for name, module in found.items():
        h, value = module.hidden_size, math.log(max(steps[name], 3))
        where = f'model.get_submodule("{name}")' if name else "model"
        lines += [f"rnn = {where}", "with torch.no_grad():"]
        gate = {"LSTM": "the forget gate", "GRU": "the update gate"}.get(module.mode)
        ways = ("", "_reverse") if module.bidirectional else ("",)
        for layer in (f"l{number}{way}" for number in range(module.num_layers) for way in ways):
            if gate:
                lines.append(f"    rnn.bias_ih_{layer}[{h}:{2 * h}] = {value:.3g}  # {gate}")
                lines.append(f"    rnn.bias_hh_{layer}[{h}:{2 * h}] = 0")
            else:
                lines.append(f"    nn.init.orthogonal_(rnn.weight_hh_{layer})")
    words = "gates that stay open for as many steps as there are, a bias of ln(steps)"
    if all(m.mode.startswith("RNN") for m in found.values()):
        words = "orthogonal recurrent weights"
    yield Change(words, "\n".join(["import torch", *lines]), apply, batch)


def _open(module: Any, value: float) -> None:
    """Open the gate that keeps the state of a recurrent layer, or give it orthogonal recurrent weights."""
    torch = torch_module()
    h = module.hidden_size
    for name, p in module.named_parameters():
        if module.mode in ("LSTM", "GRU"):
            if name.startswith("bias_ih"):
                p[h : 2 * h] = value
            elif name.startswith("bias_hh"):
                p[h : 2 * h] = 0.0
        elif name.startswith("weight_hh"):
            torch.nn.init.orthogonal_(p)
