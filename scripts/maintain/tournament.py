"""Runs the tournament of schemes and the map of scale and rate: `make tournament` writes both to `wi_docs/data`.

The two take about twelve minutes of one core. The site and the tests read the files; tests train a part anew.
"""

from __future__ import annotations

import itertools
import json
import platform
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from scripts.store import ROOT
from wi_docs.experiments import optimizers, stored, tournament


def rows_of_the_map() -> Iterator[list[dict[str, Any]]]:
    """Yield a row for each activation, depth and optimizer, with test accuracies `(scales, rates, seeds)`.

    `exploded` counts the seeds of each cell that exploded, `(scales, rates)`.
    """
    for phi, depth, optimizer in itertools.product(optimizers.ACTIVATIONS, optimizers.DEPTHS, optimizers.RATES):
        ends = [ends for *_, ends in optimizers.map_cells(phi, depth, optimizer)]
        shape = (len(optimizers.SCALES), -1, len(optimizers.SEEDS))
        tests = np.reshape([[end.test for end in pair] for pair in ends], shape)
        exploded = np.reshape([sum(end.exploded for end in pair) for pair in ends], shape[:2])
        row = {"activation": phi, "depth": depth, "optimizer": optimizer, "rates": optimizers.RATES[optimizer]}
        row |= {"scales": optimizers.SCALES, "test": tests.round(4).tolist(), "exploded": exploded.tolist()}
        print(phi, depth, optimizer, tests.mean(axis=2).max().round(3), flush=True)
        yield [row]


def rows_of_the_tournament() -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of each network and optimizer, one a scheme."""
    for network, optimizer in itertools.product(tournament.NETWORKS, tournament.RATES):
        rows = list(tournament.compete(network, optimizer))
        ahead = [row["scheme"] for row in tournament.unbeaten(rows)]
        print(network.name, optimizer, f"{max(np.mean(r['test']) for r in rows):.3f}", *ahead, sep=", ", flush=True)
        yield rows


def write(name: str, found: Iterator[list[dict[str, Any]]]) -> None:
    """Write the rows of one of the two, with what made them. The file is whole after each part, and grows."""
    began, rows = time.process_time(), []
    for part in found:
        rows += json.loads(json.dumps(part))
        record = {
            "source": "made by scripts/maintain/tournament.py; measurements of our own, free to use (CC0)",
            "versions": {"python": platform.python_version(), "numpy": np.__version__},
            "seconds": round(time.process_time() - began),
            "digest": "",
            "rows": rows,
        }
        record |= {"digest": stored.digest(record), "rows": []}
        lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
        head = json.dumps(record, indent=1).removesuffix("[]\n}")
        (ROOT / "wi_docs" / "data" / f"{name}.json").write_text(f"{head}[\n{lines}\n ]\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    MAKERS = {"tournament": rows_of_the_tournament, "optimizers": rows_of_the_map}
    for asked in sys.argv[1:] or MAKERS:
        write(asked, MAKERS[asked]())
