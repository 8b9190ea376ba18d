"""The words by which a sentence names a condition, for the tests, which hold them against `docs/vary.json`.

A module of its own, since it knows all activations: what claims import, each of them depends on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wi_docs.experiments import conditions
from wi_docs.nn.activations import names as activations

# No word helps a sentence that breaks with other seeds.
VOCABULARY = {
    "activation": "|".join([*(name.replace("_", "[ _]") for name in activations()), "activation"]),
    "biases": "bias",
    "data": "digit|normal|input|pixel",
    "depth": r"depth|deep|layer|block|\d factors",
    "optimizer": "descent|SGD|Adam|optimizer",
    "rate": r"\brates?\b",
    # A pattern that matches nothing: see above.
    "seeds": "(?!)",
    "width": r"width|wide|narrow|units?\b",
    "widths": r"equal width|width|wide|fan",
}


def unnamed(sentence: str, varied: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a message for each condition under which a sentence breaks and which it does not name.

    Args:
        sentence: of a claim.
        varied: for each variation that the claim was run under, its `verdict` and its `words`.

    Examples:
        >>> unnamed("It learns nothing.", {"another optimizer": {"verdict": "breaks", "words": "with Adam"}})
        ['it breaks with Adam, and does not name the optimizer']
        >>> unnamed("By plain descent it does not.", {"another optimizer": {"verdict": "breaks", "words": "with Adam"}})
        []
    """
    found = []
    for name, one in varied.items():
        term = conditions.VARIATIONS[name].term
        if one["verdict"] == "breaks" and not re.search(VOCABULARY[term], sentence, re.IGNORECASE):
            found.append(f"it breaks {one['words']}, and does not name the {term}")
    return found
