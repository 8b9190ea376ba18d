"""The reader's own network: described, in a file of weights, or as a PyTorch model."""

from __future__ import annotations

from typing import Any

__all__ = ["assert_good_start"]


def assert_good_start(
    model: Any, inputs: Any = None, targets: Any = None, *, loss: Any = None, optimizer: str = ""
) -> None:
    """Raise an AssertionError if a PyTorch model starts badly: for a test of your own.

    Args:
        model: a `torch.nn.Module`; it comes back as it was.
        inputs: a batch, as for `--torch`; None for standard normal inputs.
        targets: classes or numbers; None for random ones.
        loss: a function of output and targets that returns the loss; None for the usual ones.
        optimizer: `descent` or `adam`: a start from which this one learns in a trial passes all the same.

    Raises:
        AssertionError: with the verdict, and with the change that helps as code.
        ValueError: for a model that cannot be looked at.
        TypeError: for an argument of the wrong kind.
    """
    from wi_docs.diagnosis.probe import probe  # what only a diagnosis needs

    found = probe(model, inputs, targets, loss=loss)
    if not (found.good_for(optimizer) if optimizer else found.ok):
        code = "" if found.cure is None else f"\n\nWhat helps most: {found.advice}\n\n{found.cure.code}"
        raise AssertionError(found.verdict + code)
