"""The cell of Diagnose: the reader's own network."""

from __future__ import annotations

from typing import Any

from wi_docs.diagnosis.networks import Diagnosis
from wi_docs.pages.exercises import Verdict, exercise, not_yet


@exercise(
    start='''
    from wi_docs import Spec, diagnose
    from wi_docs.diagnosis.report import text

    found = diagnose(Spec.from_text("""
    widths = [64, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 10]
    scheme = "pytorch_linear"
    """))
    print(text(found))
    ''',
    hint="""
    The last lines say which change helps most, and what came of it. There are other ways:
    a residual network, a normalization, another activation.
    """,
    solution='''
    from wi_docs import Spec, diagnose
    from wi_docs.diagnosis.report import text

    found = diagnose(Spec.from_text("""
    widths = [64, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 10]
    scheme = "he_normal"
    """))
    print(text(found))
    ''',
    wrong=(
        "found = diagnose(Spec((64, *[128] * 12, 10), scheme='normal'))",
        "found = diagnose(Spec((64, *[128] * 12, 10), activation='sigmoid', scheme='lecun_normal'))",
        "found = diagnose(Spec((64, *[128] * 12, 10), scheme='he_normal', gain=2.0))",
        "found = 'good'",
    ),
)
def your_network(found: Any) -> Verdict:
    """Describe your network here, or in the form above, and run the cell. What stands there is a ReLU network of twelve
    hidden layers as PyTorch starts it. Can you mend it?
    """
    if not isinstance(found, Diagnosis):
        return not_yet("`found` has to be what `diagnose` returns.")
    # The form above the cell shows them as lines of their own.
    change, outcome = (found.advice.change, found.advice.outcome) if found.advice else ("", "")
    return Verdict(found.ok, found.verdict, change, outcome)
