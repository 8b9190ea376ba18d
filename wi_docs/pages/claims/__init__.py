"""The claims: sentences of the site, each with the experiment that tests it, and with statements that it excludes.

A module here is a page of the site: the claims of `vanishing_gradients.py` are marked in `docs/vanishing-gradients.md`.
A claim is one function. Its name is the claim's id, its docstring the sentence as it stands on the page, with the
numbers to be filled in, and it returns a `Result`. Nothing is registered anywhere else.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import math
import pkgutil
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, SupportsFloat

import numpy as np

from wi_docs.experiments import conditions, disk_cache
from wi_docs.pages.claims import _checks
from wi_docs.pages.claims._statements import STATEMENTS
from wi_docs.pages.claims._words import in_words, variation_in_words

Numbers = Mapping[str, SupportsFloat]
HOLDS, IF, NOT = "holds", "holds if", "does not hold"


@dataclass(frozen=True)
class Result:
    """The result of a claim's experiment, and the interval in which it has to lie.

    Attributes:
        measured: the number that decides.
        expected: the number that theory predicts, or the bound if the claim is an inequality.
        low: the lower end of the accepted interval.
        high: the upper end of the accepted interval.
        reason: the reason for the width of the interval, in words.
        wrong: nearby statements that do not hold, with the number that each would give. A claim that could not tell
            them from the truth fails.
        numbers: further numbers for the sentence.
    """

    measured: float
    expected: float
    low: float
    high: float
    reason: str
    wrong: Numbers
    numbers: Numbers = field(default_factory=dict)

    def problem(self) -> str | None:
        """Return the reason why the claim fails, or None if it holds and its interval excludes all wrong statements."""
        if not self.low <= self.measured <= self.high:
            accepted = f"{self.low:.6g} to {self.high:.6g}"
            return f"measured {self.measured:.6g}, expected {self.expected:.6g}, accepted {accepted}"
        # A claim that excludes nothing says nothing.
        if not self.wrong:
            return "it names no wrong statement that it excludes"
        for statement, value in ((name, float(number)) for name, number in self.wrong.items()):
            # Where a wrong statement would be accepted too, the experiment cannot tell it from the claim.
            if not math.isfinite(value) or self.low <= value <= self.high:
                return f"it would accept {value:.6g} too, from: {statement}"
        return None


def near(
    measured: SupportsFloat,
    expected: SupportsFloat,
    tolerance: SupportsFloat,
    reason: str,
    wrong: Numbers,
    **numbers: SupportsFloat,
) -> Result:
    """Return a result that holds if `measured` is within `tolerance` of `expected`."""
    center, reach = float(expected), float(tolerance)
    return Result(float(measured), center, center - reach, center + reach, reason, wrong, numbers)


def mean_of(
    samples: Iterable[float],
    expected: SupportsFloat,
    wrong: Numbers,
    *,
    width: int | None = None,
    **numbers: SupportsFloat,
) -> Result:
    """Return a result that holds if a mean over seeds is within four standard errors of `expected`.

    Args:
        samples: the measured number of each seed.
        expected: the number that theory predicts.
        wrong: as in `Result`.
        width: width of the network, if the theory is about infinite ones. It adds 3/width of the expected value to the
            tolerance.
        numbers: as in `Result`.
    """
    values = np.array(list(samples), dtype=np.float64)
    error = float(values.std(ddof=1) / math.sqrt(len(values)))
    reason = f"4 standard errors over {len(values)} seeds"
    # A normal mean strays further than four standard errors once in 16,000 times; where 8 seeds estimate the spread
    # too, once in 200. Seeds are fixed: a claim that holds does so at every build.
    tolerance = 4 * error
    # Corrections to the theory of infinite width are of the order of 1/width.
    if width is not None:
        reason += f", and 3/{width} of the value for the finite width"
        tolerance += 3 / width * abs(float(expected))
    return near(float(values.mean()), expected, tolerance, reason, wrong, **numbers)


def above(
    measured: SupportsFloat, bound: SupportsFloat, reason: str, wrong: Numbers, **numbers: SupportsFloat
) -> Result:
    """Return a result that holds if `measured` is at least `bound`."""
    return Result(float(measured), float(bound), float(bound), math.inf, reason, wrong, numbers)


def below(
    measured: SupportsFloat, bound: SupportsFloat, reason: str, wrong: Numbers, **numbers: SupportsFloat
) -> Result:
    """Return a result that holds if `measured` is at most `bound`."""
    return Result(float(measured), float(bound), -math.inf, float(bound), reason, wrong, numbers)


def exactly(measured: SupportsFloat, expected: SupportsFloat, wrong: Numbers, **numbers: SupportsFloat) -> Result:
    """Return a result that holds if `measured`, a count, is equal to `expected`."""
    return Result(float(measured), float(expected), float(expected), float(expected), "a count, exact", wrong, numbers)


@dataclass(frozen=True)
class Claim:
    """A claim before it has run.

    Attributes:
        experiment: the function.
        what: the number that decides the claim, described in words and with its unit, for the card and the ledger.
        statement: number of the notes' statement that it answers, 1 to 22, or None.
        verdict: the verdict on that statement: `holds`, `holds if …` or `does not hold`. Empty without a statement.
        source: keys of `references.bib` with section or equation; empty for what is our own.
        untouched: the reason why no fault of the package can make it fail, if none can. Else a file of `tests/faults/`
            names it.
        proof: the reason why a universal word of the sentence is true, in a line; empty for a sentence without one.
    """

    experiment: Callable[[], Result]
    what: str
    statement: int | None
    verdict: str
    source: str
    untouched: str
    proof: str

    @property
    def id(self) -> str:
        """The function's name."""
        return self.experiment.__name__

    @property
    def page(self) -> str:
        """The name of the page on which the claim is marked, without suffix."""
        return self.experiment.__module__.rpartition(".")[2].replace("_", "-")

    @property
    def sentence(self) -> str:
        """The claim's sentence, with fields in place of the measured numbers."""
        return " ".join((inspect.getdoc(self.experiment) or "").split())

    def code(self) -> str:
        """Return the file of the function, relative to the project."""
        return f"wi_docs/pages/claims/{self.page.replace('-', '_')}.py"

    def where(self) -> str:
        """Return file and line of the sentence on its page, or of the function where there are no pages."""
        root = Path(__file__).resolve().parents[3]
        page = root / "docs" / f"{self.page}.md"
        mark = f"[[claim: {self.id}]]"
        if page.is_file() and mark in (text := page.read_text(encoding="utf-8")):
            # The line of the mark: one more than the newlines in front of it.
            return f"docs/{page.name}:{text[: text.index(mark)].count(chr(10)) + 1}"
        return f"{inspect.getsourcefile(self.experiment)}:{inspect.getsourcelines(self.experiment)[1]}"


class UnmetError(Exception):
    """A condition of a claim's experiment does not hold, so that its measurement would say nothing."""


def require(condition: object, words: str) -> None:
    """Fail the claim unless a condition of its experiment holds. `words` describe what was found instead.

    Raises:
        UnmetError: if `condition` is false.
    """
    if not condition:
        raise UnmetError(words)


def also(what: str, result: Result) -> None:
    """Judge the other half of a sentence that says two things. The claim returns the result of one half.

    Raises:
        UnmetError: if the result does not hold.
    """
    problem = result.problem()
    require(problem is None, f"{what}: {problem}")


def claim(
    *,
    what: str,
    statement: int | None = None,
    verdict: str = "",
    source: str = "",
    untouched: str = "",
    proof: str = "",
) -> Callable[[Callable[[], Result]], Claim]:
    """Return a decorator that turns a function into a claim. The arguments are as for `Claim`."""
    if len(what.split()) < 3 or what.endswith("."):
        raise ValueError(
            f"`what` says what the measured number is, in three words or more, not as a sentence: {what!r}"
        )
    # None is no statement, and an empty string no verdict: either both are given, or neither.
    if (statement in STATEMENTS) != verdict.startswith((HOLDS, NOT)):
        raise ValueError(f"a verdict is about a statement of the notes: got {statement!r} and {verdict!r}")
    return lambda function: Claim(function, what, statement, verdict, source, untouched, proof)


def load(*modules: str) -> dict[str, Claim]:
    """Return the claims of the named modules, or of all, by id, in the order of the notes' statements.

    Claims that answer no statement come last.

    Raises:
        ValueError: if two claims have one id.
    """
    names = modules or sorted(info.name for info in pkgutil.iter_modules(__path__) if not info.name.startswith("_"))
    found: dict[str, Claim] = {}
    for name in names:
        for value in vars(importlib.import_module(f"{__name__}.{name}")).values():
            # The decorator has put a Claim in place of the function.
            if isinstance(value, Claim):
                if value.id in found:
                    raise ValueError(f"two claims are called {value.id!r}")
                found[value.id] = value
    return dict(sorted(found.items(), key=lambda item: item[1].statement or math.inf))


def get(ids: Iterable[str]) -> list[Claim]:
    """Return the claims with these ids, or all claims if there are no ids.

    Raises:
        ValueError: for an id that is not known; the message names the nearest.
    """
    known = load()
    for name in (ids := list(ids)):
        if name not in known:
            near_by = difflib.get_close_matches(name, known, n=3)
            hint = f"; did you mean {', '.join(near_by)}?" if near_by else f"; there are {', '.join(known)}"
            raise ValueError(f"no claim is called {name!r}{hint}")
    return [known[name] for name in ids] if ids else list(known.values())


def flaw(one: Claim, said: conditions.Said) -> str | None:
    """Return how a claim whose number is right promises more than was tested, in words, or None if it does not."""
    if problem := _checks.no_proof(one.sentence, one.proof):
        return problem
    if numbers := list(_checks.typed(one.experiment)):
        return "; ".join(f"{one.code()}:{line}: {message}" for line, message in numbers)
    return _checks.no_domain(one.experiment, said)


# Errors of wrong code. Others, such as a lack of memory or a missing file, say nothing of a claim and are passed on.
WRONG = (ArithmeticError, AssertionError, AttributeError, LookupError, NameError, RuntimeError, TypeError, ValueError)


class _Bounded(float):
    """A number of a sentence that can be rounded down, `{most:floor}`, for "or more", and up, `{least:ceil}`.

    With a number of decimals: `{most:floor.2}`.
    """

    def __format__(self, spec: str) -> str:
        name, _, decimals = spec.partition(".")
        if name not in {"floor", "ceil"}:
            return super().__format__(spec)
        unit = 10 ** int(decimals or 0)
        # A whole number of units may be off by rounding.
        whole = math.floor(self * unit + 1e-9) if name == "floor" else math.ceil(self * unit - 1e-9)
        return f"{whole / unit:.{decimals or 0}f}"


def run(one: Claim) -> dict[str, Any]:
    """Run a claim and return its record as plain values. `problem` is None if it holds.

    Two runs of the same code return the same record, so that it has no times.
    """
    record: dict[str, Any] = {
        "id": one.id,
        "page": one.page,
        "statement": one.statement,
        "notes": STATEMENTS[one.statement][0] if one.statement else "",
        "correction": STATEMENTS[one.statement][1] if one.statement else "",
        "verdict": one.verdict,
        "source": one.source,
        "what": one.what,
        "proof": one.proof,
        "sentence": one.sentence,
        "code": one.code(),
        "line": inspect.getsourcelines(one.experiment)[1],
    }
    try:
        # While it runs, the experiment says which networks, data and optimizers it uses.
        with conditions.collect() as said:
            result = one.experiment()
        if result.problem() is None:  # a claim may fail before it knows all its numbers
            found = {"measured": result.measured, "expected": result.expected, **result.numbers}
            numbers = {name: _Bounded(number) for name, number in found.items()}
            record["sentence"] = one.sentence.format_map(numbers)
        record |= {
            "measured": result.measured,
            "expected": result.expected,
            # JSON has no infinity, so that an open end of the interval is None.
            "low": None if result.low == -math.inf else float(result.low),
            "high": None if result.high == math.inf else float(result.high),
            "reason": result.reason,
            "wrong": {name: float(value) for name, value in result.wrong.items()},
            "numbers": {name: float(value) for name, value in result.numbers.items()},
            # A wrong number first; only a claim that is right is asked whether it promises too much.
            "problem": result.problem() or flaw(one, said),
        }
    except UnmetError as error:
        record["problem"] = f"it takes for granted what does not hold: {error}"
    except WRONG as error:  # this is the claim's result, and the others still run
        record["problem"] = f"it raised {type(error).__name__}: {error}"
        record["traceback"] = traceback.format_exc()
    record |= {"domain": said.domain, "ran_on": in_words(said.domain), "doors": sorted(said.doors)}
    if record["problem"] is not None:
        record["where"] = one.where()
    return record


def complaints(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return a paragraph for each failed claim: the line of its sentence, the problem, and the traceback if any."""
    return [
        "\n".join(
            [f"{r['where']}: {r['id']}: {r['problem']}", f"    {r['sentence']}"]
            + [f"    {line}" for line in r.get("traceback", "").splitlines()]
        )
        for r in records
        if r["problem"] is not None
    ]


def run_by_id(name: str, folder: Path, variation: str = "") -> tuple[dict[str, Any], float]:
    """Run a claim, as a process of its own does. Processes share the results of long experiments through `folder`.

    Args:
        name: the claim's id.
        folder: where results of experiments are kept.
        variation: a name of `conditions.VARIATIONS`, to run it under; empty for the conditions that it asks for.

    Returns:
        The record, and the seconds that it took.
    """
    disk_cache.keep_in(folder, disk_cache.unversioned)
    began = time.perf_counter()
    if not variation:
        return run(get([name])[0]), time.perf_counter() - began
    with conditions.under(variation), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # where a claim was not written for, it may divide by 0
        return run(get([name])[0]), time.perf_counter() - began


# Conditions that a variation gives another value. An experiment that compares two values of one is not run with others.
COMPARED = {"activation", "biases", "data", "optimizer"}
WIDEST = 512  # four times that still fits into the memory of a small machine, a hundred layers of it too


def applicable(record: Mapping[str, Any]) -> list[str]:
    """Return the names of the variations that a claim can be run under, from its record under its own conditions."""
    domain = record["domain"]
    return [
        one.name
        for one in conditions.VARIATIONS.values()
        # A door is a term that some function of the experiment let the variation change.
        if one.term in record["doors"]
        and not (one.term in COMPARED and len(domain.get(one.term, ())) > 1)
        # A matrix of four times the width has sixteen times the entries.
        and not (one.name == "four times the width" and max(domain["width"]) > WIDEST)
    ]


def verdict_under(variation: str, home: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """Return whether a claim's sentence holds under a variation, by its record there, as plain values.

    `verdict` is `holds`, `breaks`, or `not applicable` for a claim that raises or finds no number, since it is written
    for its own conditions only, such as one that looks at layer 20. `words` say the condition, `home` is the record
    under those that the claim asks for.
    """
    raised = "traceback" in record or math.isnan(record.get("measured", 0.0))
    verdict = "holds" if record["problem"] is None else "not applicable" if raised else "breaks"
    return {"verdict": verdict, "words": variation_in_words(variation, home["domain"])}
