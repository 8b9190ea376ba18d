"""The statements of the notes that this site began from, each with what became of it."""

from wi_docs.pages.claims._statements import STATEMENTS
from wi_docs.pages.tables import Table


def table() -> Table:
    """Return the statements, in the order of the notes, with a link to the claims about each and its correction."""
    return Table(
        "The statements of the notes in their order, in short, and what the experiments of this site say of each. "
        "The number leads to its rows in the ledger.",
        {
            "number": [f"[{number}](ledger.md#statement-{number})" for number in STATEMENTS],
            "the notes say": [said for said, _ in STATEMENTS.values()],
            "what we found": [found for _, found in STATEMENTS.values()],
        },
    )
