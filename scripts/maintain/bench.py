"""Measures the times that the project promises: `make bench [BENCH="word …"]` prints each row beside its goal.

A shared machine is noisy. So a row is a ratio of two times of one run where that is possible, and a median of three or
more. Whole builds are counted in bare training steps: a plain numpy loop over 30 layers of 64 units and 32 rows.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from scripts import store

# The settings with which mkdocs-jupyter runs the labs by itself.
PLAIN_LABS = """
  - mkdocs-jupyter:
      include: ["labs/*.py"]
      execute: true
      allow_errors: false
"""
PYTHON = sys.executable
BUILD = [PYTHON, "-m", "mkdocs", "build"]


def seconds(call: Callable[[], object]) -> float:
    """Return the wall-clock seconds of one call."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def median(call: Callable[[], object], times: int = 3) -> float:
    """Return the median of the seconds of some calls."""
    return statistics.median(seconds(call) for _ in range(times))


def ratio(ours: Callable[[], object], theirs: Callable[[], object], times: int = 3) -> float:
    """Return the median of our time over theirs. The two are measured alternately, under the same load."""
    return statistics.median(seconds(ours) / seconds(theirs) for _ in range(times))


def command(*arguments: str, folder: Path = store.ROOT) -> None:
    """Run a command, and stop with its output if it fails."""
    # With the bytecode of the last run, as a reader has it: without, our modules are compiled at each start.
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False, env=env)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def copy_of_project(folder: Path) -> Path:
    """Copy the project without results, but with the Python for the browser, which a build would fetch."""
    ignore = shutil.ignore_patterns(".git", ".venv", ".cache", "site", "build", "node_modules")
    copy = Path(shutil.copytree(store.ROOT, folder, ignore=ignore))
    # Without the rest of the cache a build is cold.
    shutil.copytree(store.CACHE / "runtime", copy / ".cache" / "runtime")
    return copy


def without_hooks(folder: Path) -> None:
    """Turn the copy in `folder` into the same site as plain MkDocs, Material and mkdocs-jupyter would build it."""
    config = folder / "mkdocs.yml"
    text = config.read_text().replace("hooks: [scripts/hooks.py]\n", "").replace("strict: true", "strict: false")
    # The labs run by mkdocs-jupyter itself, from their sources.
    text = text.replace("  - mkdocstrings:\n", f"{PLAIN_LABS.lstrip(chr(10))}  - mkdocstrings:\n")
    for name in (job.name for job in store.jobs(["labs"])):
        text = text.replace(f"labs/{name}.md", f"labs/{name}.py")
    config.write_text(text)


def bare_step() -> float:
    """Return the seconds of one training step of 30 layers in a plain numpy loop, the best of 200."""
    rng = np.random.default_rng(0)
    W = [rng.standard_normal((64, 64)) * np.sqrt(2 / 64) for _ in range(30)] + [rng.standard_normal((64, 10)) / 8]
    b = [np.zeros(w.shape[1]) for w in W]
    x, y = rng.standard_normal((32, 64)), rng.integers(10, size=32)

    # Forward with ReLU, softmax cross-entropy, backward, and a step of plain gradient descent: what no implementation
    # can leave out.
    def step() -> None:
        a, zs = [x], []
        for layer, (w, c) in enumerate(zip(W, b, strict=True)):
            zs.append(a[-1] @ w + c)
            a.append(np.maximum(zs[-1], 0) if layer < 30 else zs[-1])
        p = np.exp(a[-1] - a[-1].max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[np.arange(32), y] -= 1
        d = p / 32
        assert np.isfinite(d).all()
        for layer in reversed(range(31)):
            if layer < 30:
                d = d * (zs[layer] > 0)
            dW, db, d = a[layer].T @ d, d.sum(axis=0), d @ W[layer].T
            W[layer] -= 1e-5 * dW
            b[layer] -= 1e-5 * db

    return min(seconds(step) for _ in range(200))


def builds() -> list[tuple[str, float, str]]:
    """Measure builds of copies of the project: cold, warm beside plain MkDocs, and the tests after it."""
    with tempfile.TemporaryDirectory() as scratch:
        ours, plain = copy_of_project(Path(scratch) / "ours"), copy_of_project(Path(scratch) / "plain")
        without_hooks(plain)
        step = bare_step()
        cold = seconds(lambda: command(*BUILD, "--strict", folder=ours))
        # Before and after the build, since the load of the machine may change meanwhile.
        step = (step + bare_step()) / 2
        command(*BUILD, folder=plain)
        warm = ratio(lambda: command(*BUILD, "--strict", folder=ours), lambda: command(*BUILD, folder=plain))
        tests = seconds(lambda: command(PYTHON, "-m", "pytest", "-m", "not slow", folder=ours))
    return [
        ("cold build, seconds", cold, "75"),
        ("cold build, bare training steps", cold / step, "70,000"),
        ("warm build over plain MkDocs", warm, "1.5"),
        ("tests after the build, seconds", tests, "240"),
    ]


def claims() -> list[tuple[str, float, str]]:
    """Measure the time of all claims, run by the command line."""
    return [("all claims, seconds", seconds(lambda: command(PYTHON, "-m", "wi_docs", "claims")), "60")]


def commands() -> list[tuple[str, float, str]]:
    """Measure short commands as a reader types them."""
    # What a reader waits for at first: Python, numpy, and our modules.
    gain = [PYTHON, "-c", "import wi_docs; wi_docs.gain('tanh')"]
    numpy = [PYTHON, "-c", "import numpy"]
    widths = ",".join(["64", *["256"] * 20, "10"])
    diagnose = [
        PYTHON,
        "-m",
        "wi_docs",
        "diagnose",
        "--widths",
        widths,
        "--activation",
        "relu",
        "--scheme",
        "he_normal",
    ]
    return [
        (
            "import wi_docs and one gain, over import numpy",
            ratio(lambda: command(*gain), lambda: command(*numpy), 7),
            "1.3",
        ),
        ("diagnose, 20 layers of 256, seconds", median(lambda: command(*diagnose), 5), "0.30"),
    ]


def training() -> list[tuple[str, float, str]]:
    """Measure the cost of a training step alone and in a stack of eight, 30 layers of 64 units."""
    from wi_docs.experiments.training import train_stack
    from wi_docs.nn.network import MLP, stack

    def nets(count: int) -> MLP:
        rngs = [np.random.default_rng(seed) for seed in range(count)]
        return stack([MLP([64] * 31 + [10], "relu", "he_normal", rng) for rng in rngs])

    def steps(count: int) -> Callable[[], object]:
        rates = [1e-4] * count
        return lambda: train_stack(nets(count), rates=rates, seeds=range(count), steps=60, looks=2, record="accuracy")

    bare = bare_step()
    return [
        ("a step of one network over a bare one", median(steps(1)) / 60 / bare, "–"),
        ("a stack of 8 over 8 networks alone", ratio(steps(8), steps(1)) / 8, "0.5"),
    ]


def drawing() -> list[tuple[str, float, str]]:
    """Measure a scheme against bare numpy, 4096 by 4096, and the orthogonal one against numpy's QR."""
    from wi_docs.nn import initializers

    rng, shape = np.random.default_rng(0), (4096, 4096)
    half = (1024, 1024)

    def bare() -> None:
        W = rng.standard_normal(shape)
        W *= 0.02

    def qr() -> None:
        np.linalg.qr(rng.standard_normal(half))

    return [
        ("he_normal over bare numpy", ratio(lambda: initializers.he_normal(rng, shape), bare, 5), "1.05"),
        ("orthogonal over numpy.linalg.qr", ratio(lambda: initializers.orthogonal(rng, half), qr, 5), "1.1"),
    ]


def gradient_decay() -> list[tuple[str, float, str]]:
    """Measure one forward and backward pass against PyTorch in float64, if it is installed."""
    from wi_docs import propagate

    depth, width, batch = 30, 512, 64
    try:
        import torch
    except ImportError:
        return []

    def theirs() -> None:
        torch.manual_seed(0)
        weights = [torch.randn(width, width, dtype=torch.float64) / width**0.5 for _ in range(depth)]
        for w in weights:
            w.requires_grad_()
        a, kept = torch.randn(batch, width, dtype=torch.float64), []
        # What `propagate` measures: the gradient of each layer's pre-activations, and that of its weights.
        for w in weights:
            z = a @ w
            z.retain_grad()
            kept.append(z)
            a = torch.tanh(z)
        a.backward(torch.randn(batch, width, dtype=torch.float64))
        for one in (*weights, *kept):
            one.grad.square().mean().sqrt().item()

    def ours() -> None:
        propagate("tanh", "lecun_normal", depth=depth, width=width, batch=batch)

    return [("a gradient-decay run over PyTorch", ratio(ours, theirs, 7), "1.0")]


GROUPS = (commands, drawing, training, gradient_decay, claims, builds)


def main() -> None:
    """Print the table, or the groups that are named."""
    named = sys.argv[1:]
    for group in GROUPS:
        if not named or group.__name__ in named:
            for what, value, goal in group():
                print(f"{what:50} {value:>10,.2f}   goal {goal}", flush=True)


if __name__ == "__main__":
    main()
