"""`python -m wi_docs diagnose`: reads a description, weights or a PyTorch model, and prints what is found."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import sys
import traceback
from pathlib import Path
from typing import Any

from wi_docs.diagnosis import audit, fit, probe, problems, report, weights
from wi_docs.diagnosis.networks import Diagnosis, diagnose
from wi_docs.diagnosis.spec import NORMALIZATIONS, Spec
from wi_docs.nn import activations, checks, initializers, number_formats
from wi_docs.nn.checks import Array

# The arguments of `argparse` for each field of `Spec`.
FLAGS: dict[str, dict[str, Any]] = {
    "widths": {
        "metavar": "N,N,…", "help": "units from input to output, such as 784,256,256,10; 256x20 stands for twenty",
    },
    "activation": {
        "choices": activations.names(), "metavar": "NAME",
        "help": f"of every layer but the last (default: relu): {', '.join(activations.names())}",
    },
    "scheme": {"metavar": "NAME", "help": f"how weights are drawn: {', '.join(initializers.names())}"},
    "gain": {"type": float, "metavar": "X", "help": "factor on every weight that is drawn"},
    "sigma_w": {
        "metavar": "X,X,…", "help": "in place of a scheme: sqrt(n_in) times the rms of the weights, one or one a layer",
    },
    "sigma_b": {
        "metavar": "X,X,…", "help": "rms of the biases, one or one a layer (default: as the scheme's library does)",
    },
    "residual": {"action": "store_true", "help": "blocks of two layers are added to a stream of one width"},
    "branch": {"type": float, "metavar": "X", "help": "factor on the last matrix of each block"},
    "normalization": {
        "choices": NORMALIZATIONS, "help": "over units, before or after the activation (residual: each branch)",
    },
    "dtype": {"choices": number_formats.names(), "help": "what numbers are kept in (default: fp32)"},
    "input_second_moment": {"type": float, "metavar": "X", "help": "mean square of the inputs (default: 1)"},
    "input_correlation": {"type": float, "metavar": "X", "help": "of two inputs (default: 0)"},
    "seed": {"type": int, "metavar": "N", "help": "for everything random (default: 0)"},
}  # fmt: skip

# What is said of a PyTorch model, with its default. Of an argument that is not given the parser has None.
MODEL: dict[str, Any] = {"input": None, "batch": 32, "steps": 0, "rate": 0.01}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command: a flag for each field of a description, a file to read, and what to print."""
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="a description (.toml), whose words flags replace, or weights (.npz, .safetensors)",
    )
    words = parser.add_argument_group("the network")
    for name, options in FLAGS.items():
        # The default is None, and not that of `Spec`, so that a flag that was given can be told from one that was not.
        words.add_argument(f"--{name.replace('_', '-')}", dest=name, default=None, **options)
    words = parser.add_argument_group("a file of weights")
    words.add_argument("--layers", metavar="A,B,…", help="the tensors that are layers, from input to output")
    words.add_argument(
        "--order",
        choices=weights.ORDERS,
        metavar="in,out|out,in",
        help="of the axes of weights, where it does not follow from the shapes",
    )
    model = parser.add_argument_group(
        "a PyTorch model", "Needs PyTorch. The code that is named is imported and run. The model is not changed."
    )
    model.add_argument(
        "--torch", metavar="PACKAGE.MODULE:BUILD",
        help="a function without arguments that returns the model, or model and inputs, or model, inputs and targets",
    )  # fmt: skip
    model.add_argument("--input", metavar="N,N,…", help="shape of one input (default: as the first layer says)")
    model.add_argument("--batch", type=int, metavar="N", help=f"how many inputs (default: {MODEL['batch']})")
    model.add_argument("--steps", type=int, metavar="K", help="look again after K steps of gradient descent")
    model.add_argument("--rate", type=float, metavar="X", help=f"their learning rate (default: {MODEL['rate']})")
    output = parser.add_argument_group("what to show")
    output.add_argument("--theory-only", action="store_true", help="do not simulate")
    output.add_argument("--quiet", action="store_true", help="print nothing; the exit code is the answer")
    output.add_argument(
        "--fail-on", default="", metavar="KIND,…",
        help=f"exit with 1 for these kinds of problems only: {', '.join(problems.KINDS)}",
    )  # fmt: skip
    output.add_argument(
        "--optimizer", choices=fit.OPTIMIZERS,
        help="exit with 0 if this one learns from the start in a trial all the same (a PyTorch model)",
    )  # fmt: skip
    output.add_argument("--all", action="store_true", help="print all rows, and what each parameter holds")
    output.add_argument("--json", action="store_true", help="print everything, for machines")
    output.add_argument("--figure", type=Path, metavar="OUT.svg", help="draw signal and gradient (needs matplotlib)")
    output.add_argument("--traceback", action="store_true", help="show where in the code an error was raised")


def numbers(what: str, text: str, kind: type[int] | type[float]) -> tuple[Any, ...]:
    """Return the numbers in a list with commas. `256x3` stands for 256,256,256; the largest count is 9999.

    Raises:
        ValueError: for text that is no such list.

    Examples:
        >>> numbers("widths", "784,256x3,10", int)
        (784, 256, 256, 256, 10)
    """
    # Python's own int() and float() would take underscores, other alphabets' digits, inf and nan too.
    form = r"\d+" if kind is int else r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?"
    result: list[Any] = []
    for item in text.split(","):
        found = re.fullmatch(
            rf"(?P<value>{form})(x(?P<times>[1-9]\d{{0,3}}))?", item.strip(" "), re.ASCII | re.IGNORECASE
        )
        if found is None:
            raise ValueError(f"{what} must be numbers with commas between them, such as 784,256x3,10, got {text!r}")
        result += [kind(found["value"])] * int(found["times"] or 1)
    return tuple(result)


def described(options: argparse.Namespace, found: dict[str, Any]) -> Spec:
    """Return the description of the network. `found` has the fields from a file, which flags replace."""
    if options.scheme is not None and options.sigma_w is not None:
        raise ValueError("give either --scheme or --sigma-w: weights are drawn by the one or have the other")
    for name in FLAGS:
        value = getattr(options, name)
        # These three are lists in one word on the command line; argparse has converted the other values.
        if name == "widths" and value is not None:
            value = numbers(name, value, int)
        elif name in ("sigma_w", "sigma_b") and value is not None:
            value = numbers(name, value, float)
            value = value[0] if len(value) == 1 else value
        if value is not None:
            found[name] = value
            # A scheme on the command line replaces the file's measured weights, and the other way round: a network has
            # one of them.
            found.pop({"scheme": "sigma_w", "sigma_w": "scheme"}.get(name, ""), None)
    if "widths" not in found:
        raise ValueError("say which network: a file, or --widths such as 784,256,256,10 with --scheme")
    return Spec(**found)


def read(options: argparse.Namespace) -> tuple[Spec, list[tuple[Array, Array]] | None]:
    """Return the network's description, and weights and biases by layer if the arguments name a file of weights."""
    found: dict[str, Any] = {}
    if options.file is not None and options.file.suffix.lower() != ".toml":
        names = [name.strip() for name in (options.layers or "").split(",") if name.strip()]
        if options.layers and not names:
            raise ValueError(f"--layers must be names of tensors with commas between them, got {options.layers!r}")
        layers = weights.layers(weights.read(options.file), names=names, order=options.order)
        for name in ("widths", "scheme", "gain", "sigma_w", "sigma_b"):
            if getattr(options, name) is not None:
                raise ValueError(f"--{name.replace('_', '-')} does not go with a file of weights, which has its own")
        # The inputs of the first layer, then the outputs of each. `diagnose` measures sigma_w.
        found = {"widths": (layers[0].W.shape[0], *(layer.W.shape[1] for layer in layers)), "sigma_w": 1.0}
        return described(options, found), [(layer.W, layer.b) for layer in layers]
    if options.file is not None:
        try:
            spec = Spec.from_text(options.file.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            raise ValueError(f"{options.file.name} is no text in UTF-8, as a description is") from None
        found = {field.name: getattr(spec, field.name) for field in dataclasses.fields(Spec)}
    return described(options, found), None


def listed(options: argparse.Namespace) -> audit.Inventory | None:
    """Return what each tensor of a file holds if they are no chain of dense layers that can be told; else None.

    Files whose layers chain in more than one way are no such files: an argument can say which.
    """
    if options.file is None or options.file.suffix.lower() == ".toml" or options.layers or options.order:
        return None
    tensors = weights.read(options.file)
    if not tensors:
        raise ValueError(f"{options.file.name} holds no tensor")
    try:
        weights.layers(tensors)
    except ValueError as error:
        # Which of several ways is meant can be said, unless a value is none.
        found = audit.inventory(options.file.name, tensors, str(error))
        return None if isinstance(error, weights.AmbiguousError) and found.ok else found
    return None


def refuse_strangers(options: argparse.Namespace) -> None:
    """Raise a ValueError for an argument that says nothing of what is asked, and would be left out."""
    of_weights = options.file is not None and options.file.suffix.lower() != ".toml" and not options.torch
    for name, fits, place in (
        *((name, options.torch, "--torch: it is about a model") for name in (*MODEL, "optimizer")),
        *((name, of_weights, "a file of weights") for name in ("layers", "order")),
        ("rate", options.steps, "--steps: it is their learning rate"),
        ("theory_only", not options.torch, "a description or weights: of a model there is no theory"),
    ):
        value = getattr(options, name)
        if value is not None and value is not False and not fits:
            raise ValueError(f"--{name.replace('_', '-')} goes with {place}")


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code: 0 if all is well, 1 if the verdict is bad, 2 if there is none."""
    try:
        asked = [
            checks.lookup("kind of problem", kind.strip(), problems.KINDS)
            for kind in options.fail_on.split(",")
            if kind
        ]
        found: Diagnosis | probe.Probe | audit.Inventory
        refuse_strangers(options)
        if options.torch:
            found = probed(options)
        elif (alone := listed(options)) is not None:
            beside = [name for name in (*FLAGS, "theory_only") if getattr(options, name) not in (None, False)]
            if beside and alone.ok:
                flag = beside[0].replace("_", "-")
                raise ValueError(f"--{flag} goes with a network, and {alone.file} shows none: {alone.why}")
            found = alone
        else:
            spec, given = read(options)
            found = diagnose(spec, weights=given, simulated=not options.theory_only)
        if options.figure is not None:
            draw(found, options.figure)
        show(found, options)
    except BrokenPipeError:  # nobody reads the output any more; `main` ends the command
        raise
    except (ValueError, TypeError, OSError) as error:
        return refuse(str(error), options)
    except MemoryError as error:
        return refuse(f"there is not enough memory for it ({error})", options)
    except Exception as error:  # a traceback ends with 1, which would be a verdict
        return refuse(
            f"{fault(error)}. Please report it{'' if options.traceback else ', with what --traceback prints'}", options
        )
    # Neither good nor bad: the code of a missing verdict.
    if isinstance(found, Diagnosis) and found.undecided:
        return 2
    if isinstance(found, probe.Probe) and options.optimizer and found.good_for(options.optimizer):
        return 0
    kinds = {problem.kind for problem in found.problems}
    return 1 if kinds & set(asked or kinds) else 0


def fault(error: Exception) -> str:
    """Return the words for an error that nobody has foreseen, which is no verdict on a network.

    Examples:
        >>> fault(KeyError("signal"))
        "this is a fault of wi_docs, and no verdict: KeyError: 'signal'"
    """
    return f"this is a fault of wi_docs, and no verdict: {type(error).__name__}: {error}"


def refuse(words: str, options: argparse.Namespace) -> int:
    """Print the reason why there is no verdict to standard error, and return the exit code 2."""
    if options.traceback:
        traceback.print_exc()
    # Names that a file gives to its tensors stand in messages, and a terminal would obey them.
    lines = [audit.printable(line) for line in words.splitlines()]
    print("python -m wi_docs diagnose: error: " + "\n".join(lines), file=sys.stderr)
    return 2


def draw(found: Diagnosis | probe.Probe | audit.Inventory, path: Path) -> None:
    """Write the diagnosis as a figure.

    Raises:
        ValueError: for another suffix than .svg, or without matplotlib.
        OSError: for a file that cannot be written.
    """
    if isinstance(found, audit.Inventory):
        raise ValueError("--figure draws signal and gradient, and tensors looked at by themselves have none")
    if path.suffix.lower() != ".svg":
        raise ValueError(f"--figure writes SVG: give a name that ends in .svg, got {str(path)!r}")
    try:
        from wi_docs.pages.figures.diagnosis import picture
    except ImportError:
        raise ValueError("--figure needs matplotlib: pip install matplotlib") from None
    path.write_text(picture(found).svg(path.stem), encoding="utf-8")


def probed(options: argparse.Namespace) -> probe.Probe:
    """Build the PyTorch model that the arguments name, and return its diagnosis."""
    given = [name for name in ("file", *FLAGS) if getattr(options, name) is not None]
    if given:
        raise ValueError(f"--torch takes the network from the model: leave out {', '.join(given)}")
    shape = numbers("input", options.input, int) if options.input else None
    model, inputs, targets, loss = probe.load(options.torch)
    if inputs is None:
        batch = MODEL["batch"] if options.batch is None else options.batch
        inputs = probe.standard_inputs(model, shape, checks.count("batch", batch, least=2))
    elif options.input or options.batch is not None:
        raise ValueError(f"{options.torch} returns the inputs: leave out --input and --batch")
    steps, rate = (
        MODEL[name] if getattr(options, name) is None else getattr(options, name) for name in ("steps", "rate")
    )
    return probe.probe(model, inputs, targets, loss=loss, steps=steps, rate=rate)


def show(found: Diagnosis | probe.Probe | audit.Inventory, options: argparse.Namespace) -> None:
    """Print the diagnosis, as JSON or as text."""
    if options.quiet:
        return
    if options.json:
        print(json.dumps(report.plain(found), indent=1, allow_nan=False))
    else:
        print(report.text(found, color=colored(), everything=options.all))


def colored() -> bool:
    """Return whether the output is a terminal with colors, and NO_COLOR (no-color.org) does not turn them off."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
