"""Mathematics as MathML, so that nothing is left to typeset in the reader's browser."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from functools import cache

from latex2mathml import exceptions
from latex2mathml.converter import convert
from markdown import Markdown
from markdown.treeprocessors import Treeprocessor


class Formulas(Treeprocessor):
    """Turns formulas into MathML. The extension arithmatex has found and marked them in the Markdown.

    Args:
        md: the Markdown that is rendered.
        warn: is called with a line of the page and a message, for a formula that cannot be typeset.
    """

    def __init__(self, md: Markdown, warn: Callable[[str, str], None]) -> None:
        super().__init__(md)
        self.warn = warn

    def run(self, root: ET.Element) -> None:
        """Replace the text of each marked element, and its class."""
        for element in root.iter():
            if element.get("class") == "arithmatex" and element.text:
                latex = html.unescape(element.text)[2:-2].strip()  # within \( and \), or \[ and \]
                block = element.tag == "div"
                # Two formulas side by side stand one below the other where there is no room.
                parts = [part.strip() for part in latex.split(r"\qquad")] if block else [latex]
                made = "".join(self.mathml(part, block=block) for part in parts)
                element.text = self.md.htmlStash.store(made)
                element.set("class", "wi-math-block" if block else "wi-math")

    def mathml(self, latex: str, *, block: bool) -> str:
        """Return the formula as MathML, or as code, with a warning, if it cannot be typeset."""
        try:
            result = typeset(latex, block=block)
        except ValueError as error:
            self.warn(latex.splitlines()[0], f"the formula {latex!r} cannot be typeset: {error}")
            return f"<code>{html.escape(latex)}</code>"
        return result


_ATOM = r"<m[in]>[^<]*</m[in]>"  # an identifier or a number
# What browsers typeset badly, as patterns of latex2mathml's output and what replaces them.
_BETTER = (
    (r"<mo>(\w{2,})</mo>", r"<mi>\1</mi>"),  # \operatorname: spaced as a name
    # Chromium draws a raised prime far too small, and the sign of a low root far too low.
    (rf"<msup>({_ATOM})<mi>(&#x0203[2-4];)</mi></msup>", r'\1<mo lspace="0" rspace="0">\2</mo>'),
    (rf"<msqrt>(?:<mrow>)?({_ATOM}|<ms(?:ub|up)>{_ATOM}<m[ino]>[^<]*</m[ino]></ms(?:ub|up)>)(?:</mrow>)?</msqrt>",
     r'<msqrt class="wi-low"><mpadded height="0.72em" depth="0.22em">\1</mpadded></msqrt>'),
    # \overline
    (r'<mover>(<mrow>(?:(?!<mover).)*?</mrow>)<mo accent="true">&#x02015;</mo>',
     r'<mover accent="true">\1<mo stretchy="true">&#x0203E;</mo>'),
    (r"<mo>(/|&#x0002F;)</mo>", r'<mo lspace="0" rspace="0">\1</mo>'),
    # A sign is no difference behind a bracket or a comma, and a function stands apart from its argument.
    (r"(<mo[^>]*>(?:\(|\[|&#x00028;|&#x0005B;|,|&#x0002C;)</mo>)<mo>&#x02212;</mo>",
     r'\1<mo form="prefix">&#x02212;</mo>'),
    (r"(?<!<msup>)(?<!<msub>)<mi>(ln|exp|tanh|log)</mi>(?=<m(?:i|n|sub|sqrt|frac|row><mo lspace))",
     r'<mi>\1</mi><mspace width="0.167em" />'),
    (r"(</mn>|</mfrac>)(?=(?:<msup>)?<mi>(?:ln|exp|tanh|log)</mi>)", r'\1<mspace width="0.167em" />'),
    (r'<mo stretchy="false">&#x0007C;</mo>', '<mo stretchy="false" lspace="0" rspace="0">|</mo>'),
    (r"<mo>&#x0002E;</mo>", '<mo lspace="0" rspace="0">.</mo>'),  # a full stop behind a displayed formula
    # Bars stand a little apart from what they enclose.
    (r'(form="prefix")>&#x0007C;', r'\1 rspace="0.07em">|'),
    (r'(form="postfix")>&#x0007C;', r'\1 lspace="0.07em">|'),
    (r"<mo>&#x02299;</mo>", '<mo largeop="false" stretchy="false">&#x02299;</mo>'),  # Firefox magnifies it
    (r"<mo>&#x022EF;</mo>", '<mo lspace="0.167em" rspace="0.167em">&#x022EF;</mo>'),
)  # fmt: skip


_SILENT = (  # mistakes that latex2mathml does not report, and prints as something else
    (r"(?<!\\)%", "a bare % starts a comment"),
    (r"\$", "a $ inside"),
    (r"[^\n\x20-\x7f]", "a character outside ASCII, or a tab; write its command"),
    (r"[_^][A-Za-z0-9][A-Za-z0-9]", "braces are missing after _ or ^"),
    (r"^(?!.*\\begin).*\\\\", "a line break outside an environment"),
    (r"\\begin\{(?!(?:[pbv]?matrix|cases|aligned?)\})", "an environment that is not known"),
    (r"\\(?:boldsymbol|underbrace|overbrace|underset|overset|tag|label)\b", "a command that is not typeset"),
)
# What latex2mathml raises: its own exceptions, which share no base, and three that slip out of broken formulas.
_REFUSALS: tuple[type[Exception], ...] = (
    *(kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, Exception)),
    IndexError,
    StopIteration,
    ValueError,
)
# How many children an element must have, by the MathML standard.
_ARITY = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}


@cache
def typeset(latex: str, *, block: bool) -> str:
    r"""Return the formula as MathML.

    Raises:
        ValueError: for what latex2mathml refuses, and for what it would print as it stands: an unknown command, a
            brace too many or too few, an `&` outside a matrix, half a fraction, what `_SILENT` lists.

    Examples:
        >>> typeset("x_1", block=False)
        '<math display="inline"><msub><mi>x</mi><mn>1</mn></msub></math>'
        >>> typeset("x + 1", block=False)
        '<math display="inline"><mi>x</mi><mo>+</mo><mn>1</mn></math>'
    """
    # Escaped braces and line breaks do not count.
    bare = re.sub(r"\\[\\{}]", "", latex)
    if bare.count("{") != bare.count("}"):
        raise ValueError("braces do not match")
    for pattern, reason in _SILENT:
        if re.search(pattern, latex):
            raise ValueError(reason)
    try:
        mathml = convert(latex, display="block" if block else "inline")
    except _REFUSALS as error:
        raise ValueError(f"{type(error).__name__}") from error
    # latex2mathml prints a command that it does not know as text, and so a backslash in the output tells one.
    wrong = re.search(r">(\\[a-zA-Z]+|&(?!#?\w+;))", mathml)
    if wrong:
        raise ValueError(f"{wrong[1]!r} is not known")
    # Half a fraction is well-formed XML, and only the number of children tells that it is incomplete.
    for element in ET.fromstring(mathml).iter():
        name = element.tag.rpartition("}")[2]
        if len(element) != _ARITY.get(name, len(element)):
            raise ValueError(f"{name} is incomplete")
        if element.get("mathvariant", "normal") != "normal":  # browsers know of no other, and draw an italic letter
            raise ValueError(f"braces are missing around {element.text} after the command of its alphabet")
    for pattern, better in _BETTER:
        mathml = re.sub(pattern, better, mathml)
    root = ET.fromstring(mathml.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', ""))
    _tighten_scripts(root)
    _unwrap_rows(root)
    return ET.tostring(root, encoding="unicode")


def _tighten_scripts(root: ET.Element) -> None:
    """Leave no space around the operators of a formula's scripts: browsers leave as much as on the line."""
    for element in root.iter():
        if element.tag in ("msub", "msup", "msubsup"):
            for script in list(element)[1:]:
                for operator in script.iter("mo"):
                    if operator.text not in ("(", ")"):
                        operator.attrib |= {"lspace": "0", "rspace": "0"}


def _unwrap_rows(root: ET.Element) -> None:
    """Put what a row holds in its place, where the row groups nothing: each element costs a telephone time.

    Such are the row around a whole formula, and a row of one element. An operator keeps its row, since its spaces
    follow from its place in it.
    """
    for element in reversed(list(root.iter())):
        for place, row in enumerate(element):
            if row.tag == "mrow" and not row.attrib and len(row) == 1 and row[0].tag != "mo":
                element[place] = row[0]
    if len(root) == 1 and root[0].tag == "mrow" and not root[0].attrib:
        root[:] = list(root[0])
