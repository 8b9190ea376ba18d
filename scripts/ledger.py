"""The claims that ran, as the pages show them: a mark after a sentence, the card behind it, the ledger and its JSON."""

from __future__ import annotations

import html
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scripts import store, vary
from scripts.citations import cite
from scripts.formulas import typeset
from wi_docs.pages.claims._measured import MEASURED

MARK = re.compile(r"\[\[claim:\s*(\w+)\s*\]\]")
_VERDICTS = {"holds": "holds", "holds if": "if", "does not hold": "not"}


def records() -> dict[str, dict[str, Any]]:
    """Return what every claim gave, by id, in the order of the notes; those that answer none of them come last."""
    found, varied = [], vary.read()
    for job in store.jobs(["claims"]):
        folder = store.find(job)
        if folder is not None:
            record = json.loads((folder / f"{job.function}.json").read_text(encoding="utf-8"))
            record["what"] = MEASURED.get(job.function, "")
            record["line"] = store.claims(job.module)[job.function]  # it may have moved since the claim ran
            record["varied"] = vary.in_words(varied.get(job.function), vary.digest(job.module, job.function))
            found.append(record)
    order = {name: place for place, name in enumerate(("weight", "vanishing", "exploding", "ways"))}
    found.sort(key=lambda r: (r["statement"] or 99, order.get(r["page"].partition("-")[0], 9), r["page"], r["line"]))
    return {record["id"]: record for record in found}


def problems(markdown: str, source: Path, known: dict[str, dict[str, Any]]) -> Iterable[tuple[int, str]]:
    """Yield line and message for each mark that names no claim, one whose number has no words, or that stands behind
    another sentence than its own.
    """
    for match in MARK.finditer(markdown):
        line = markdown.count("\n", 0, match.start()) + 1
        record = known.get(match[1])
        if record is None:
            yield line, f"no claim is called {match[1]!r}"
        elif not record["what"]:
            yield line, f"wi_docs/pages/claims/_measured.py does not say what the number of {match[1]} is"
        elif record["page"] == source.stem:
            before = " ".join(MARK.sub("", markdown[: match.start()]).split())
            if not before.endswith(record["sentence"]):
                there = before[-len(record["sentence"]) :]
                yield line, f"the claim {match[1]} says {record['sentence']!r}, the page ends with {there!r}"


def number(value: float | None) -> str:
    """Return a number for reading: four digits, a real minus sign, powers of ten raised.

    Examples:
        >>> number(-0.236053), number(1.1e-16), number(1e-12), number(655360.0)
        ('−0.2361', '1.1 · 10⁻¹⁶', '10⁻¹²', '655,360')
    """
    if value is None:
        return ""
    if value == round(value) and 1000 <= abs(value) < 1e9:
        return f"{value:,.0f}".replace("-", "−")
    digits, _, power = f"{value:.4g}".partition("e")
    raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")) if power else ""
    return f"{digits} · 10{raised}".removeprefix("1 · ").replace("-", "−") if power else digits.replace("-", "−")


def accepted(record: dict[str, Any]) -> str:
    """Return the interval in words."""
    low, high = record["low"], record["high"]
    if low is None:
        return f"at most {number(high)}"
    if high is None:
        return f"at least {number(low)}"
    if low == high:
        return f"exactly {number(low)}"
    if number(low) == number(high):
        return f"{number(record['expected'])} ± {number((high - low) / 2)}"
    return f"{number(low)} to {number(high)}"


def card(record: dict[str, Any], name: str) -> list[ET.Element]:
    """Return the button behind a claim's sentence and the card that it opens, which leads to the ledger.

    What else the card says would make up a tenth of a chapter, and `docs/assets/js/code.js` fetches it when the card is
    first opened: see `said`.

    Args:
        record: what the claim gave.
        name: the id of the card, which no other card of the page has.
    """
    attributes = {"type": "button", "class": "wi-mark", "popovertarget": name, "aria-label": "How this was checked"}
    button = ET.Element("button", {**attributes, "data-search-exclude": ""})
    button.text = "✓"
    opened = ET.Element("span", {"popover": "", "id": name, "class": "wi-card", "data-search-exclude": ""})
    ET.SubElement(opened, "a", {"href": f"/ledger.md#{record['id']}"}).text = "Ledger"
    return [button, opened]


def said(record: dict[str, Any]) -> dict[str, Any]:
    """Return what a claim's card says, for the file that is fetched when it is opened.

    `words` is HTML: the sentence, and in a list what the number is, where it has to lie, what it would be if the
    sentence were wrong, and on what the experiment ran.
    """
    wrong = "; ".join(f"{number(value)} ({what})" for what, value in record["wrong"].items())
    bound = None in (record["low"], record["high"]) or record["low"] == record["high"]
    lines = {
        "Measured": f"{number(record['measured'])} ({record['what']})",
        "Theory": "" if bound else number(record["expected"]),
        "Accepted": f"{accepted(record)} ({record['reason']})",
        "Wrong statements would give": wrong,
        "Ran on": record["ran_on"],
        "Under other conditions": record["varied"].removesuffix("."),
        f"Statement {record['statement']} of the notes": record["verdict"],
        "Source": record["source"],
    }
    listed = "".join(f"<div><dt>{name}:</dt> <dd>{_rich(words)}.</dd></div>" for name, words in lines.items() if words)
    return {
        "words": f"<p>{_rich(record['sentence'])}</p><dl>{listed}</dl>",
        "code": _code(record),
        "line": record["line"],
    }


def ran_on(record: dict[str, Any]) -> str:
    """Return the conditions under which a claim ran, and others under which its sentence holds or does not."""
    words = f"Ran on: {record['ran_on']}." if record["domain"] else f"{record['ran_on'].capitalize()}."
    return f"{words if record['ran_on'] else ''} {record['varied']}".strip()


def _code(record: dict[str, Any]) -> str:
    """Return where the site has the file of a claim."""
    return str(record["code"]).removeprefix("wi_docs/pages/")


def _rich(text: str) -> str:
    """Return words with formulas, emphasis, code and citations as HTML.

    Examples:
        >>> _rich("*Two* of `a<b`, as [@he2015, section 2.2]")
        '<em>Two</em> of <code>a&lt;b</code>, as (He et al. 2015, section 2.2)'
    """
    parts = re.split(r"\$([^$]+)\$", text)
    for place, part in enumerate(parts):
        if place % 2:
            parts[place] = f'<span class="wi-math">{typeset(part, block=False)}</span>'
        else:
            words = html.escape(cite(re.sub(r"\[(@[^]]*)\]", r"(\1)", part)), quote=False)
            parts[place] = re.sub(r"`([^`]*)`", r"<code>\1</code>", re.sub(r"\*([^*]+)\*", r"<em>\1</em>", words))
    return "".join(parts)


def table(known: dict[str, dict[str, Any]]) -> str:
    """Return the ledger as HTML whose cells are Markdown.

    It has a group of rows for each statement of the notes and for each page beyond them, and a row for each claim.
    """
    rows, group = [], None
    for record in known.values():
        title = _chapter(record["page"])
        if group != (record["statement"] or record["page"]):
            group = record["statement"] or record["page"]
            pages = " ".join(sorted({r["page"] for r in known.values() if (r["statement"] or r["page"]) == group}))
            verdicts = " ".join(sorted({_verdict(r) for r in known.values() if (r["statement"] or r["page"]) == group}))
            words = (
                f"**{group}.** {record['notes']} *{record['correction']}*"
                if record["statement"]
                else f"**Beyond the notes: {title}**"
            )
            anchor = f' id="statement-{group}"' if record["statement"] else ""
            rows.append(
                f'<tr markdown="1" class="wi-ledger__group" data-page="{pages}" data-verdict="{verdicts}"{anchor}>'
                f'<th colspan="4" scope="colgroup" markdown="span">{words}</th></tr>'
            )
        wrong = "; ".join(f"{what}: {number(value)}" for what, value in record["wrong"].items())
        verdict = f" <small>On the notes: {record['verdict']}.</small>" if record["verdict"] else ""
        source = f" <small>{_cited(record['source'])}</small>" if record["source"] else ""
        source += f" <small>Measured: {record['what']}. {ran_on(record)}</small>"
        links = f"[{title}]({record['page']}.md), [code, line {record['line']}](/{_code(record)})"
        rows.append(
            f'<tr markdown="1" id="{record["id"]}" data-page="{record["page"]}" data-verdict="{_verdict(record)}">'
            f'<td markdown="span">{record["sentence"]}{verdict}{source} <small>{links}</small></td>'
            f'<td data-label="measured">{number(record["measured"])}</td>'
            f'<td data-label="accepted" markdown="span">{accepted(record)} <small>{record["reason"]}</small></td>'
            f'<td data-label="excluded" markdown="span">{wrong}</td></tr>'
        )
    head = "<thead><tr><th>Claim</th><th>Measured</th><th>Accepted</th><th>Excluded</th></tr></thead>"
    return (
        f'<table class="wi-ledger" markdown="block">\n{head}\n<tbody markdown="block">\n'
        + "\n".join(rows)
        + "\n</tbody>\n</table>"
    )


def filters(known: dict[str, dict[str, Any]]) -> str:
    """Return the two choices above the ledger. The style sheet acts on them; no script is needed."""
    pages = dict.fromkeys(record["page"] for record in known.values())
    verdicts = {"holds": "holds", "if": "holds if …", "not": "does not hold", "none": "not in the notes"}
    parts = []
    for name, choices in (("page", {page: _chapter(page) for page in pages}), ("verdict", verdicts)):
        options = "".join(
            f'<label><input type="radio" name="wi-{name}" value="{value}"'
            f"{' checked' if value == 'all' else ''}> {text}</label>"
            for value, text in {"all": "all", **choices}.items()
        )
        parts.append(
            f"<fieldset><legend>{'Chapter' if name == 'page' else 'Verdict on the notes'}</legend>{options}</fieldset>"
        )
        parts.append("<style>" + "".join(
            f'.md-content:has([name="wi-{name}"][value="{value}"]:checked) '
            f'.wi-ledger tr[data-{name}]:not([data-{name}~="{value}"]){{display:none}}'
            for value in choices
        ) + "</style>")  # fmt: skip
    return f'<form class="wi-filters">{"".join(parts)}</form>'


def predictions(known: dict[str, dict[str, Any]]) -> str:
    """Return the table of the page Predicted: what was printed, what theory gives, how far apart they are."""
    lines = ["| what | printed in | printed | expected | standard deviation | apart |", "|---|---|--:|--:|--:|--:|"]
    for record in known.values():
        values = record["numbers"]
        if record["page"] == "predicted" and "printed" in values:
            cells = (
                f"[{record['id'].replace('_', ' ')}](ledger.md#{record['id']})",
                _cited(record["source"]),
                *(number(values[name]) for name in ("printed", "theory", "sd")),
                f"{record['measured']:.1f}",
            )
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def summary(known: dict[str, dict[str, Any]]) -> str:
    """Return how many claims there are, and how many for each statement of the notes, in words."""
    count = {n: sum(r["statement"] == n for r in known.values()) for n in range(1, 23)}
    counted = ", ".join(f"[S{n}](#statement-{n}) {c}" for n, c in count.items())
    beyond = len(known) - sum(count.values())
    return f"{len(known)} claims ran, and all of them hold. By statement of the notes: {counted}; beyond them {beyond}."


def _verdict(record: dict[str, Any]) -> str:
    return next((short for word, short in reversed(_VERDICTS.items()) if record["verdict"].startswith(word)), "none")


def _chapter(page: str) -> str:
    return page.replace("-", " ").capitalize()


def _cited(source: str) -> str:
    return f"[{source}]" if source.startswith("@") else source
