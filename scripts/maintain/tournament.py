"""Runs the tournament of schemes and the map of scale and rate: `make tournament` writes both to `wi_docs/data`.

The two take about twenty minutes of one core. The site and the tests read the files; a test trains one of the rows anew.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from scripts.store import ROOT
from wi_docs.experiments import optimizers, tournament


def rows_of_the_map() -> list[dict[str, Any]]:
    """Return a row for each activation, depth and optimizer, with test accuracies `(scales, rates, seeds)`."""
    rows: list[dict[str, Any]] = []
    for phi in optimizers.ACTIVATIONS:
        for depth in optimizers.DEPTHS:
            for optimizer, rates in optimizers.RATES.items():
                cells = optimizers.map_cells(phi, depth, optimizer)
                tests = np.reshape([[end.test for end in ends] for *_, ends in cells], (len(optimizers.SCALES), -1, len(optimizers.SEEDS)))
                exploded = np.reshape([sum(end.exploded for end in ends) for *_, ends in cells], tests.shape[:2])
                rows.append(
                    {
                        "activation": phi,
                        "depth": depth,
                        "optimizer": optimizer,
                        "scales": optimizers.SCALES,
                        "rates": rates,
                        "test": tests.round(4).tolist(),
                        "exploded": exploded.tolist(),
                    }
                )
                print(phi, depth, optimizer, tests.mean(axis=2).max().round(3), flush=True)
    return rows


def rows_of_the_tournament() -> list[dict[str, Any]]:
    """Return a row for each network, optimizer and scheme."""
    rows: list[dict[str, Any]] = []
    for network in tournament.NETWORKS:
        for optimizer in tournament.RATES:
            rows += tournament.compete(network, optimizer)
            some = [row for row in rows if row["optimizer"] == optimizer][-len(tournament.candidates(network)) :]
            ahead = [row["scheme"] for row in tournament.unbeaten(some)]
            print(network.name, optimizer, f"{max(np.mean(r['test']) for r in some):.3f}", *ahead, sep=", ", flush=True)
    return rows


def write(name: str, make: Callable[[], list[dict[str, Any]]]) -> None:
    """Run one of the two, and write its rows with what made them."""
    began = time.process_time()
    rows: list[dict[str, Any]] = json.loads(json.dumps(make()))
    record = {
        "source": "made by scripts/maintain/tournament.py; measurements of our own, free to use (CC0)",
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "seconds": round(time.process_time() - began),
        "digest": tournament.digest(rows),
        "rows": rows,
    }
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    head = json.dumps({**record, "rows": []}, indent=1)[: -len("[]\n}")]
    (ROOT / "wi_docs" / "data" / f"{name}.json").write_text(f"{head}[\n{lines}\n ]\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    MAKERS = {"tournament": rows_of_the_tournament, "optimizers": rows_of_the_map}
    for asked in sys.argv[1:] or MAKERS:
        write(asked, MAKERS[asked])
