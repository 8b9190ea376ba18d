"""How often Diagnose is right about models that were trained to see."""

from typing import Any

from wi_docs.experiments import frameworks
from wi_docs.pages.tables import Table

LEARNS = 0.7  # the share of chance below which a loss is that of a model that learns
GROUPS = {
    "models": "timm and transformers, as built",
    "reported": "starts that people asked about, and that are right",
    "spoiled": "dense networks of six activations, three depths and five gains",
}


def table() -> Table:
    """Return the counts for each group of models. PyTorch need not be installed where the site is built."""
    record = frameworks.load("diagnosis_trials")
    versions = record["made with"]
    groups = {GROUPS[name]: list(record[name].values()) for name in GROUPS}

    # Of the dense networks that learn, by which verdict and by plain descent or Adam alone.
    dense = [one for one in record["spoiled"].values() if one["trains"]]
    descends = [one for one in dense if one["descent"] is not None and one["descent"] < LEARNS]
    by_descent = {ok: sum(one["ok"] is ok for one in descends) for ok in (True, False)}
    good, bad = (sum(one["ok"] is ok for one in dense) for ok in (True, False))

    def count(found: list[dict[str, Any]], trains: bool | None, ok: bool | None = None) -> float:
        return float(sum(one["trains"] is trains and ok in (None, one["ok"]) for one in found))

    return Table(
        f"What training says and what Diagnose says, with PyTorch {versions['torch'].partition('+')[0]}, timm "
        f"{versions['timm']} and transformers {versions['transformers']}. A model learns if gradient descent or Adam, "
        f"at one of two rates each, brings the loss on one batch with random labels below {LEARNS} times chance in 40 "
        "steps. It does not learn if none of the four gets below 0.97 times chance. What lies between is undecided. "
        f"Of the dense networks that learn, {by_descent[True]} of {good} that are called good do so by plain descent, "
        f"and {by_descent[False]} of {bad} that are called bad; the others by Adam alone. "
        "`scripts/maintain/diagnosis_trials.py` trains them again.",
        {
            "models": list(groups),
            "learn, called good": [count(found, True, True) for found in groups.values()],
            "learn, called bad": [count(found, True, False) for found in groups.values()],
            "do not learn, called bad": [count(found, False, False) for found in groups.values()],
            "do not learn, called good": [count(found, False, True) for found in groups.values()],
            "undecided": [count(found, None) for found in groups.values()],
        },
        dict.fromkeys(
            (
                "learn, called good", "learn, called bad", "do not learn, called bad", "do not learn, called good",
                "undecided",
            ),
            ".0f",
        ),
    )  # fmt: skip
