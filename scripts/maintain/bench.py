"""How long things take: `make bench`. Machines differ and are shared; compare the ratios within one run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from scripts import store

PLAIN_LABS = """
  - mkdocs-jupyter:
      include: ["labs/*.py"]
      execute: true
      allow_errors: false
"""


def timed(command: list[str], folder: Path, **environment: str) -> float:
    """Return the seconds that `command` takes, or stop with its output if it fails."""
    began = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.perf_counter() - began


def without_hooks(folder: Path) -> None:
    """Turn the copy in `folder` into the same site as plain MkDocs, Material and mkdocs-jupyter would build it."""
    config = folder / "mkdocs.yml"
    text = config.read_text().replace("hooks: [scripts/hooks.py]\n", "").replace("strict: true", "strict: false")
    text = text.replace("  - mkdocstrings:\n", f"{PLAIN_LABS.lstrip(chr(10))}  - mkdocstrings:\n")
    for name in (job.name for job in store.jobs(["labs"])):
        text = text.replace(f"labs/{name}.md", f"labs/{name}.py")
    config.write_text(text)


def gradient_decay() -> list[tuple[str, float]]:
    """Return the seconds of one forward and backward pass, here and in PyTorch if it is installed; best of five."""
    from wi_docs import propagate

    depth, width, batch = 30, 512, 64

    def ours() -> None:
        propagate("tanh", "lecun_normal", depth=depth, width=width, batch=batch)

    rows = [("depth 30, width 512, batch 64: wi_docs", min(_seconds(ours) for _ in range(5)))]
    try:
        import torch
    except ImportError:
        return rows

    def theirs() -> None:
        torch.manual_seed(0)
        weights = [torch.randn(width, width, dtype=torch.float64) / width**0.5 for _ in range(depth)]
        for w in weights:
            w.requires_grad_()
        a, kept = torch.randn(batch, width, dtype=torch.float64), []
        for w in weights:
            z = a @ w
            z.retain_grad()
            kept.append(z)
            a = torch.tanh(z)
        a.backward(torch.randn(batch, width, dtype=torch.float64))
        for z in kept:
            z.grad.square().mean().sqrt().item()

    return [*rows, ("the same in PyTorch", min(_seconds(theirs) for _ in range(5)))]


def _seconds(call: Callable[[], None]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def main() -> None:
    """Print the table."""
    build = [sys.executable, "-m", "mkdocs", "build"]
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        ignore = shutil.ignore_patterns(".git", ".venv", ".cache", "site", "build")
        ours, plain = Path(scratch) / "ours", Path(scratch) / "plain"
        shutil.copytree(store.ROOT, ours, ignore=ignore)
        shutil.copytree(store.ROOT, plain, ignore=ignore)
        without_hooks(plain)
        rows.append(("cold build", timed([*build, "--strict"], ours)))
        timed(build, plain)
        pairs = [(timed([*build, "--strict"], ours), timed(build, plain)) for _ in range(3)]
        warm, bare = (min(times) for times in zip(*pairs, strict=True))
        rows += [("warm build", warm), ("warm build without our hooks", bare)]
        rows.append(("tests", timed([sys.executable, "-m", "pytest"], ours)))
    rows += gradient_decay()
    for name, seconds in rows:
        print(f"{name:40} {seconds:8.2f} s")
    print(f"{'warm build over plain':40} {warm / bare:8.2f}")


if __name__ == "__main__":
    main()
