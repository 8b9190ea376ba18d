"""How often Diagnose is right about models that were trained to see."""

from typing import Any

from wi_docs.experiments import frameworks
from wi_docs.pages.tables import Table

GROUPS = {
    "models": "timm and transformers, as built",
    "reported": "starts that people asked about, and that are right",
}
DENSE = {"descent": "dense networks, by plain descent", "adam": "dense networks, by Adam"}


def table() -> Table:
    """Return the counts for each group of models. PyTorch need not be installed where the site is built."""
    record = frameworks.load("diagnosis_trials")
    versions = record["made with"]
    groups = {words: list(record[name].values()) for name, words in GROUPS.items()}
    groups |= {words: [one[name] for one in record["spoiled"].values()] for name, words in DENSE.items()}

    def count(found: list[dict[str, Any]], trains: bool | None, ok: bool | None = None) -> float:
        return float(sum(one["trains"] is trains and ok in (None, one["ok"]) for one in found))

    # What the rules say by themselves, without the trial.
    bad = [one for one in record["spoiled"].values() if not one["ok"]]
    by_descent, by_adam = (sum(one[name]["trains"] is True for one in bad) for name in DENSE)

    return Table(
        f"What training says and what Diagnose says, with PyTorch {versions['torch'].partition('+')[0]}, timm "
        f"{versions['timm']} and transformers {versions['transformers']}. A model learns if gradient descent or Adam, "
        "at one of two rates each, brings the loss on one batch with random labels below 0.9 times the least that one "
        "answer for all inputs can have, in 100 steps. It does not learn if all four stay above 0.97 times that. What "
        "lies between is undecided. The dense networks are of six activations, three depths and five gains; they have "
        "400 steps, and each optimizer is judged by itself: a start is called good for it if no problem was found, or "
        "if it learned in Diagnose's own trial of as many steps. "
        f"Without this trial, by the rules alone, {len(bad)} of the {len(record['spoiled'])} dense starts are bad, of "
        f"which {by_descent} learn by plain descent and {by_adam} by Adam. "
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
