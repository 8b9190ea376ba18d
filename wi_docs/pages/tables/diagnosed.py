"""The verdicts of Diagnose on PyTorch models whose diagnosis is known."""

from wi_docs.experiments import frameworks
from wi_docs.pages.tables import Table


def table() -> Table:
    """Return the verdicts that `make reference` has stored: PyTorch need not be installed where the site is built."""
    record = frameworks.load("diagnosis")
    models = record["models"].values()
    return Table(
        f"Models of PyTorch {record['versions']['torch']}, before their first step. They are in "
        "`tests/torch/models.py`; `make reference` looks at them again.",
        {
            "model": [model["what"].removesuffix(".") for model in models],
            # In Markdown, a pair of underscores would set what is between them in italics.
            "verdict": [model["verdict"].replace("_", "\\_") for model in models],
            "loss": [model["loss"] for model in models],
            "chance": [model["chance"] for model in models],
        },
        {"loss": ".2f", "chance": ".2f"},
    )
