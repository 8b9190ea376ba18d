"""The tournament: for each network and optimizer, the schemes that nothing beats by more than the noise."""

import numpy as np

from wi_docs.experiments import tournament
from wi_docs.pages.tables import Table


def table() -> Table:
    """Return a row for each network and optimizer, from the stored results."""
    columns: dict[str, list[object]] = {"network": [], "layers": [], "optimizer": [], "unbeaten": [], "best": []}
    columns |= {"spread": [], "worst": []}
    ends = 0
    for (network, optimizer), rows in tournament.kinds().items():
        means = {row["scheme"]: 100 * float(np.mean(row["test"])) for row in rows}
        # `ahead[0]` is the best scheme, and those after it are behind by no more than the noise.
        best, ahead = max(means.values()), tournament.unbeaten(rows)
        # The best scheme at an end of the rates tried might be better still beyond it: the caption counts these.
        ends += ahead[0]["rate"] in (tournament.RATES[optimizer][0], tournament.RATES[optimizer][-1])
        # Where all read little more than chance, to be unbeaten says nothing.
        learned = best >= 100 * tournament.LEARNED
        kind = [
            network.activation,
            # What is usual, equal widths and plain layers, is left out.
            *[word for word in (network.widths, network.shape) if word not in ("even", "plain")],
        ]
        columns["network"].append(", ".join(kind))
        columns["layers"].append(network.depth)
        columns["optimizer"].append({"sgd": "SGD", "adam": "Adam"}[optimizer])
        columns["unbeaten"].append("; ".join(row["scheme"] for row in ahead) if learned else "none learned")
        columns["best"].append(best)
        columns["spread"].append(100 * float(np.std(ahead[0]["test"], ddof=1)))
        columns["worst"].append(min(means.values()))
    tried = {optimizer: ", ".join(f"{r:g}" for r in rates) for optimizer, rates in tournament.RATES.items()}
    return Table(
        f"Which schemes nothing beats, after {tournament.STEPS} steps with batches of 32. *Unbeaten*: the best, and "
        "those behind it by no more than two standard errors of the difference, or a point if that is more. (So one "
        "whose five networks differ much can be unbeaten and some points behind.) *Best* is "
        f"the percentage of test digits that it reads, a mean over {len(tournament.COUNTING)} networks, *spread* their "
        "standard deviation; *worst* is what the last scheme reads. Each scheme has the rate at which two other "
        "networks read most of the digits to choose by. Hidden layers have 32 units; uneven ones 48 and 16 in turn. "
        f"Tried were the rates {tried['sgd']} with SGD and {tried['adam']} with Adam; in {ends} of "
        f"{len(columns['best'])} rows the best scheme took the smallest or the largest.",
        columns,
        {"layers": ".0f", "best": ".1f", "spread": ".1f", "worst": ".1f"},
    )
