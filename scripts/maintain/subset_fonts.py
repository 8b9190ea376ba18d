"""Cut the fonts down to what a text on mathematics may write. For maintainers.

    npm pack @fontsource/stix-two-text@5.3.0 @fontsource/stix-two-math@5.3.0
    python -m scripts.maintain.subset_fonts FOLDER

with FOLDER holding the two unpacked packages. Both fonts are under the SIL Open Font License 1.1. Results go to
`docs/assets/fonts/`. The text fonts keep Latin; the mathematical one keeps its MATH table, for Chromium's and
Firefox's MathML, and is the text's font too for Greek letters, arrows and superscripts. A build cuts them further, to
what its pages write: `scripts/fonts.py`.
"""

import sys
from pathlib import Path

from scripts import fonts
from scripts.store import ROOT

TARGET = ROOT / "docs" / "assets" / "fonts"
# The characters that each font keeps.
LATIN = [*range(0x20, 0x7F), 0xA0, *map(ord, "§©±²³·×÷àáäåçèéêëíïñóöøúüßÄÅÉÖØÜıŁłŠšŽž–—‘’“”…")]
LETTERS = [ord(c) for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"]
GREEK = [ord(c) for c in "αβγδεζηθικλμνξπρστυφχψωϕϵΓΔΘΛΞΠΣΦΨΩ"]
SIGNS = [
    ord(c)
    for c in " !%'()*+,-./:;<=>?[]^_{|}~±×·‖′″…‾∂∇∈∏∑−∗∘√∞∥∫≈≠≡≤≥≪≫⊗⊙⊤⊥⋅⋮⋯⟨⟩⌈⌉⌊⌋←↑→↓↔⇒↦⏞⏟ˆ˜¯˙\u0302\u0303\u0304\u0307"
]
RAISED = [ord(c) for c in "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿᵀ₀₁₂₃₄₅₆₇₈₉"]
ALPHABETS = [
    *range(0x1D434, 0x1D468),  # italic
    0x210E,  # italic h
    *range(0x1D6E2, 0x1D71C),  # italic Greek
    *[ord(c) for c in "𝔼ℝ𝒩"],
]
FACES = {
    "stix-two-text.woff2": ("fontsource-stix-two-text-5.3.0/package/files/stix-two-text-latin-400-normal.woff2", LATIN),
    "stix-two-text-italic.woff2": (
        "fontsource-stix-two-text-5.3.0/package/files/stix-two-text-latin-400-italic.woff2",
        LATIN,
    ),
    "stix-two-text-600.woff2": (
        "fontsource-stix-two-text-5.3.0/package/files/stix-two-text-latin-600-normal.woff2",
        LATIN,
    ),
    "stix-two-math.woff2": (
        "fontsource-stix-two-math-5.3.0/package/files/stix-two-math-latin-400-normal.woff2",
        [*LETTERS, *GREEK, *SIGNS, *RAISED, *ALPHABETS],
    ),
}


def main() -> None:
    """Write each font, and print its size."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, (source, characters) in FACES.items():
        font = (Path(sys.argv[1]) / source).read_bytes()
        (TARGET / name).write_bytes(fonts.cut(font, frozenset(map(chr, characters))))
        print(f"{name}: {(TARGET / name).stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
