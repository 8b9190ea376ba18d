"""Under which other conditions the sentences still hold: `docs/vary.json`, made by `make vary`.

`python -m scripts.vary` runs the claims that are new or whose code has changed since they were last run under other
conditions; `--all` runs all of them, `--list` only says which are out of date, and ids run those. It takes hours, so it
is no part of a build: a claim that is out of date is shown as such. It fails if a verdict about unchanged code changes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from scripts import sources, store

FILE = store.ROOT / "docs" / "vary.json"
HEAD = {
    "source": "Experiments of wi_docs, run by `make vary` under one other condition at a time. No data of others.",
    "license": "As the text of the site: LICENSE-docs",
}


def digest(module: str, claim: str) -> str:
    """Return a digest of all that the experiment of a claim of `wi_docs/pages/claims/` depends on, words left out."""
    depends = sources.of(store.SOURCES["claims"] / f"{module}.py", claim, words=False)
    return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()[:24]


def read() -> dict[str, dict[str, Any]]:
    """Return what is known of each claim, by id: its `digest`, and `varied`, by variation `verdict` and `words`."""
    known: dict[str, dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))["claims"]
    return known


def stale() -> list[str]:
    """Return the ids of claims that are new, or whose code has changed since they were run."""
    known = read()
    return [
        job.function
        for job in store.jobs(["claims"])
        if known.get(job.function, {}).get("digest") != digest(job.module, job.function)
    ]


def in_words(found: dict[str, Any] | None, now: str) -> str:
    """Return what is known of a claim, for its card; empty if that is nothing.

    Args:
        found: of `read`.
        now: the digest of the claim as it stands.

    Examples:
        >>> varied = {"a": {"verdict": "holds", "words": "at width 256"}, "b": {"verdict": "breaks", "words": "on x"}}
        >>> in_words({"digest": "1", "varied": varied}, "1")
        'Also holds at width 256; not on x.'
        >>> in_words({"digest": "1", "varied": varied}, "2")
        'Also holds at width 256; not on x (not rerun since the code changed).'
    """
    parts = []
    for verdict, words in (("holds", "also holds"), ("breaks", "not")):
        names = [one["words"] for one in (found or {"varied": {}})["varied"].values() if one["verdict"] == verdict]
        if names:
            parts.append(f"{words} {', '.join(names)}")
    if not parts or found is None:
        return ""
    words = "; ".join(parts)
    return f"{words[0].upper()}{words[1:]}{'' if found['digest'] == now else ' (not rerun since the code changed)'}."


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Run claims under other conditions, and keep what is found.")
    parser.add_argument("ids", nargs="*", metavar="ID", help="only these (default: those that are out of date)")
    parser.add_argument("--all", action="store_true", help="run all claims")
    parser.add_argument("--list", action="store_true", help="only say which are out of date")
    options = parser.parse_args(arguments)
    module = {job.function: job.module for job in store.jobs(["claims"])}
    unknown = set(options.ids) - module.keys()
    if unknown:
        parser.error(f"no claim is called {', '.join(sorted(unknown))}")
    wanted = options.ids or (list(module) if options.all else stale())
    if options.list or not wanted:
        print("\n".join(stale()))
        return 0
    before = {name: digest(module[name], name) for name in wanted}
    command = [sys.executable, "-m", "wi_docs", "claims", "--vary", "--json", *wanted]
    done = subprocess.run(command, cwd=store.ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print("not kept: see above", file=sys.stderr)
        return done.returncode
    found, known = json.loads(done.stdout), read()
    versions = {"python": sys.version.partition(" ")[0], "numpy": metadata.version("numpy")}
    now = {name: {"digest": before[name], **versions, "varied": found.get(name, {})} for name in wanted}
    others = changed(known, now)
    print("\n".join(others))
    keep(FILE, {name: one for name, one in sorted((known | now).items()) if name in module})
    return 1 if others else 0


def changed(known: dict[str, dict[str, Any]], now: dict[str, dict[str, Any]]) -> list[str]:
    """Return a line for each verdict that differs between two runs of the same code."""
    lines = []
    for name, one in now.items():
        before = known.get(name, {"digest": ""})
        if one["digest"] != before["digest"]:
            continue
        for variation in sorted(before["varied"].keys() | one["varied"].keys()):
            was, found = (kept["varied"].get(variation, {"verdict": "nothing", "words": ""}) for kept in (before, one))
            if was["verdict"] != found["verdict"]:
                words = found["words"] or was["words"]
                lines.append(f"docs/vary.json: {name} {words}: {was['verdict']} is kept, and it is {found['verdict']}")
    return lines


def keep(file: Path, claims: dict[str, dict[str, Any]]) -> None:
    """Write what is known of the claims."""
    file.write_text(json.dumps({**HEAD, "claims": claims}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
