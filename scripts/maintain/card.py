"""Draw `docs/assets/card.png`, the picture that a link to the site shows: `python -m scripts.maintain.card`.

It is the home page's figure with a title, in the size that Open Graph and Twitter ask for. The networks that show it
take no SVG. It is kept, for drawing it anew at each build would make a new file for each version of matplotlib.
"""

from __future__ import annotations

from scripts.store import ROOT
from wi_docs.pages.figures import PAPER
from wi_docs.pages.figures.one_number import draw


def main() -> int:
    """Draw the card."""
    figure = draw().fig
    figure.set_size_inches(12.0, 6.3)
    figure.set_facecolor(PAPER)
    figure.suptitle("How to initialize the weights of a neural network", fontsize=27, x=0.03, ha="left")
    # 1200 x 630 pixels. Without metadata, which has matplotlib's version.
    figure.savefig(ROOT / "docs" / "assets" / "card.png", dpi=100, facecolor=PAPER, metadata={"Software": None})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
