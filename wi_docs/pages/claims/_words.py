"""The conditions of a claim in words that a student understands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wi_docs.experiments import conditions

Domain = Mapping[str, Sequence[Any]]

# Plain values of conditions that need other words on a page.
NAMES = {
    "0": "biases that start at 0", "batch": "batch normalization",
    "drawn": "biases drawn by PyTorch's law", "linear": "linear units", "post": "normalization behind each addition",
    "pre": "normalization in front of each branch", "set": "biases that are not 0", "sgd": "plain gradient descent",
}  # fmt: skip
# Parts of the names of schemes and activations as people write them.
SPELLED = {
    "adam": "Adam", "elu": "ELU", "fixup": "Fixup", "flax": "Flax", "gelu": "GELU", "glorot": "Glorot", "he": "He",
    "keras": "Keras", "lecun": "LeCun", "lsuv": "LSUV", "mup": "maximal update", "pytorch": "PyTorch", "relu": "ReLU",
    "selu": "SELU", "silu": "SiLU",
}  # fmt: skip


def _name(value: str) -> str:
    return NAMES.get(value) or " ".join(SPELLED.get(part, part) for part in value.split("_"))


def listed(values: Sequence[Any]) -> str:
    """Return values in words: consecutive whole numbers by their ends, a few values one by one, many by their number.

    Examples:
        >>> listed([0, 1, 2, 3]), listed([20000]), listed(["relu", "tanh"]), listed([0.1, 0.2, 0.3, 0.5, 0.9])
        ('0 to 3', '20,000', 'ReLU and tanh', '0.1 to 0.9 (5 values)')
    """
    if len(values) > 1:
        # Where something is normalized or set in a part of the runs, the parts without it go unsaid.
        values = [v for v in values if v != "none"]
    words = [_name(v) if isinstance(v, str) else f"{v:,}" if isinstance(v, int) else f"{v:.4g}" for v in values]
    numbers = all(isinstance(v, int | float) for v in values)
    whole = all(isinstance(v, int) for v in values)
    if whole and len(values) > 2 and values[-1] - values[0] == len(values) - 1:
        return f"{words[0]} to {words[-1]}"
    if numbers and len(values) > 4:
        return f"{words[0]} to {words[-1]} ({len(values)} values)"
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def in_words(domain: Domain) -> str:
    """Return the conditions that a claim ran under, in words.

    Examples:
        >>> in_words({"activation": ["relu"], "depth": [30], "width": [64], "biases": ["0"], "seeds": [0, 1, 2, 3, 4]})
        'ReLU, 30 layers of 64 units, biases that start at 0, seeds 0 to 4'
        >>> in_words({"optimizer": ["sgd"], "rate": [0.05], "steps": [300], "batch": [32], "data": ["the digits"]})
        'plain gradient descent at rate 0.05, 300 steps with batches of 32, the digits'
        >>> in_words({})
        'computed, no network'
    """
    return ", ".join(_phrases({term: listed(values) for term, values in domain.items()})) or "computed, no network"


def _counted(number: str, what: str) -> str:
    """Return a number with its unit, which is given in the plural.

    Examples:
        >>> _counted("1", "layers"), _counted("2 and 5", "layers")
        ('1 layer', '2 and 5 layers')
    """
    return f"{number} {what.removesuffix('s') if number == '1' else what}"


def _phrases(said: Mapping[str, str]) -> Iterator[str]:
    if "activation" in said:
        yield said["activation"]
    if "scheme" in said:
        gain = f" times {said['gain']}" if said.get("gain", "1") != "1" else ""
        yield f"weights from {said['scheme']}{gain}"
    if "optimizer" in said:
        equal = ", adapted to each layer" if "by layer" in said.get("rates", "") else ""
        yield f"{said['optimizer']} at {'rates' if ' ' in said['rate'] else 'rate'} {said['rate']}{equal}"
    steps = _counted(said["steps"], "steps") if "steps" in said else ""
    if steps:
        yield f"{steps} with batches of {said['batch']}" if "batch" in said and "optimizer" in said else steps
    units = f" of {_counted(said['width'], 'units')}" if "width" in said else ""
    for term, what in (("depth", "layers"), ("blocks", "residual blocks")):
        if term in said and not (term == "depth" and "blocks" in said):
            # Of products of matrices, depth counts factors.
            yield _counted(said[term], "factors" if "matrix" in said else what) + units
    if units and not {"depth", "blocks"} & said.keys():
        yield units.removeprefix(" of ")
    if "matrix" in said:
        yield f"matrices of {_counted(said['matrix'], 'rows')}"
    if "recurrence" in said:
        yield f"a recurrence of {_counted(said['recurrence'], 'units')}"
    yield from (said[term] for term in ("normalization", "biases", "data") if said.get(term, "none") != "none")
    if "draws" in said:
        yield _counted(said["draws"], "draws")
    if "seeds" in said:
        yield f"{'seed' if said['seeds'].isdigit() else 'seeds'} {said['seeds']}"


WORDS = {
    "activation": "with {}", "biases": "with {}", "data": "on {}", "depth": "at depth {}", "optimizer": "with {}",
    "rate": "at rate {}", "seeds": "with other seeds", "width": "at width {}", "widths": "with uneven widths",
}  # fmt: skip


def variation_in_words(name: str, domain: Domain) -> str:
    """Return the condition that a variation puts in place of one of a claim's, such as `with Adam at rate 0.001`.

    Examples:
        >>> variation_in_words("another optimizer", {"optimizer": ["sgd"], "rate": [0.05]})
        'with Adam at rate 0.001'
        >>> variation_in_words("four times the width", {"width": [64]})
        'at width 256'
    """
    one = conditions.VARIATIONS[name]
    # A residual network says blocks in place of a depth.
    before = domain.get(one.term) or domain.get("blocks", ())
    after = [one.change(value) for value in before] if one.term not in ("seeds", "widths") else []
    words = WORDS[one.term].format(listed(after) if after else "")
    # Another optimizer comes with a rate of its own.
    return f"{words} at rate {conditions.RATES[after[0]]}" if one.term == "optimizer" else words
