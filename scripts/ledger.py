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

MARK = re.compile(r"\[\[claim:\s*(\w+)\s*\]\]")
_VERDICTS = {"holds": "holds", "holds if": "if", "does not hold": "not"}


def records() -> dict[str, dict[str, Any]]:
    """Return what every claim gave, by id, in the order of the notes; those that answer none of them come last."""
    found, varied = [], vary.read()
    for job in store.jobs(["claims"]):
        folder = store.find(job)
        if folder is not None:
            record = json.loads((folder / f"{job.function}.json").read_text(encoding="utf-8"))
            record["line"] = store.claims(job.module)[job.function]  # it may have moved since the claim ran
            record["varied"] = vary.in_words(varied.get(job.function), vary.digest(job.module, job.function))
            found.append(record)
    order = {name: place for place, name in enumerate(("weight", "vanishing", "exploding", "ways"))}
    found.sort(key=lambda r: (r["statement"] or 99, order.get(r["page"].partition("-")[0], 9), r["page"], r["line"]))
    return {record["id"]: record for record in found}


def problems(markdown: str, source: Path, known: dict[str, dict[str, Any]]) -> Iterable[tuple[int, str]]:
    """Yield line and message for each mark that names no claim, or that stands behind another sentence than its own."""
    for match in MARK.finditer(markdown):
        line = markdown.count("\n", 0, match.start()) + 1
        record = known.get(match[1])
        if record is None:
            yield line, f"no claim is called {match[1]!r}"
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
    """Return the ledger as HTML whose cells are Markdown: for each page a table that folds, with a row for each claim.

    Above the claims on a statement of the notes stands a row with the statement.
    """
    return "\n".join(
        f'<details class="wi-claims" data-page="{page}" markdown="block">\n'
        f"<summary>{_chapter(page)} <small>{_counted(len(records))}</small></summary>\n"
        '<table class="wi-ledger" markdown="block">\n'
        "<thead><tr><th>Claim</th><th>Measured</th><th>Accepted</th><th>Excluded</th></tr></thead>\n"
        '<tbody markdown="block">\n' + "\n".join(records) + "\n</tbody>\n</table>\n</details>"
        for page, records in _rows(known).items()
    )


def _rows(known: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    """Return the rows of the ledger by page, in the order of the notes."""
    rows: dict[str, list[str]] = {}
    seen: set[tuple[str, int]] = set()
    for record in known.values():
        page, statement = record["page"], record["statement"]
        group = ""
        if statement and (page, statement) not in seen:
            anchor = "" if statement in {other for _, other in seen} else f' id="statement-{statement}"'
            seen.add((page, statement))
            words = f"**{statement}.** {record['notes']} *{record['correction']}*"
            group = (
                f'<tr markdown="1" class="wi-ledger__group"{anchor}>'
                f'<th colspan="4" scope="colgroup" markdown="span">{words}</th></tr>\n'
            )
        wrong = "; ".join(f"{what}: {number(value)}" for what, value in record["wrong"].items())
        verdict = f" <small>On the notes: {record['verdict']}.</small>" if record["verdict"] else ""
        source = f" <small>{_cited(record['source'])}</small>" if record["source"] else ""
        source += f" <small>Measured: {record['what']}. {ran_on(record)}</small>"
        links = (
            f"[{_chapter(page)}]({page}.md) · [code, line {record['line']}](/{_code(record)}) · "
            f"[link to this row](#{record['id']})"
        )
        rows.setdefault(page, []).append(
            f'{group}<tr markdown="1" id="{record["id"]}" data-verdict="{_verdict(record)}">'
            f'<td markdown="span">{record["sentence"]}{verdict}{source} <small>{links}</small></td>'
            f'<td data-label="Measured">{number(record["measured"])}</td>'
            f'<td data-label="Accepted" markdown="span">{accepted(record)} <small>{record["reason"]}</small></td>'
            f'<td data-label="Excluded" markdown="span">{wrong}</td></tr>'
        )
    return rows


def filters(known: dict[str, dict[str, Any]]) -> str:
    """Return the form above the ledger, on which `docs/assets/js/ledger.js` acts."""
    pages = {page: _chapter(page) for page in _rows(known)}
    verdicts = {"holds": "holds", "if": "holds if …", "not": "does not hold", "none": "not in the notes"}
    chosen = "".join(
        f'<label>{label} <select name="{name}"><option value="">all</option>'
        + "".join(f'<option value="{value}">{text}</option>' for value, text in choices.items())
        + "</select></label>"
        for name, label, choices in (("chapter", "Chapter", pages), ("verdict", "Verdict on the notes", verdicts))
    )
    return (
        '<form class="wi-filters" data-search-exclude=""><label>Words <input type="search" name="words" '
        f'autocomplete="off"></label>{chosen}<output>{_counted(len(known))}</output></form>'
    )


def _counted(claims: int) -> str:
    """Return a number of claims in words."""
    return f"{claims} claim{'s' if claims != 1 else ''}"


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
    """Return how many claims there are, and how many of them are about statements of the notes, in words."""
    about = sum(bool(record["statement"]) for record in known.values())
    return f"{len(known)} claims ran, and all of them hold. {about} are about a statement of the notes."


def _verdict(record: dict[str, Any]) -> str:
    return next((short for word, short in reversed(_VERDICTS.items()) if record["verdict"].startswith(word)), "none")


def _chapter(page: str) -> str:
    return page.replace("-", " ").capitalize()


def _cited(source: str) -> str:
    return f"[{source}]" if source.startswith("@") else source
