"""Claims of the chapter Residual Networks, Normalization, Transformers."""

import math

import numpy as np

from wi_docs.experiments.mup import coordinate_check
from wi_docs.experiments.residual import (
    ResidualMLP,
    batch_norm_factor,
    first_step_change,
    residual_stream,
    train_residual,
)
from wi_docs.experiments.training import train
from wi_docs.pages.claims import Result, above, also, below, claim, mean_of, near

SEEDS = range(8)
BLOCKS = 24


def streams(**options):
    """Return eight residual streams of 24 blocks, one for each seed. `options` may change any argument."""
    return [residual_stream(**({"blocks": BLOCKS} | options), seed=seed) for seed in SEEDS]


@claim(source="@zhang2019, section 2")
def stream_doubles() -> Result:
    """The mean square doubles at every block, and so does the gradient's on its way back."""
    # Doublings of the mean square a block.
    there = [2 * math.log2(s.size[-1] / s.size[0]) / BLOCKS for s in streams()]
    back = [2 * math.log2(s.gradient[0] / s.gradient[-1]) / BLOCKS for s in streams()]
    worse = max(there, back, key=lambda logs: abs(np.mean(logs) - 1))
    return mean_of(
        worse, 1.0, {"it grows by adding, one a block": math.log2(1 + BLOCKS) / BLOCKS, "it is kept": 0.0}, width=256
    )


@claim(source="")
def divided_branches_end_at_e() -> Result:
    r"""Without normalization, and with branches divided by $\sqrt L$, the mean square ends at $(1 + 1/L)^L$,
    just below $e$, however many there are.
    """
    grown = [(s.size[-1] / s.size[0]) ** 2 for s in streams(blocks=50, branch=50**-0.5)]
    return mean_of(grown, 1.02**50, {"it is kept": 1.0, "it doubles once": 2.0}, width=128)


def grown(branches, divided_by, norm):
    """Return the factor on the stream's mean square, a number for each seed.

    The stream passes so many `branches`, each of which is divided by the root of `divided_by`.
    """
    streams = [residual_stream(blocks=branches, branch=divided_by**-0.5, norm=norm, seed=s) for s in SEEDS]
    return [float((s.size[-1] / s.size[0]) ** 2) for s in streams]


@claim(source="@radford2019, section 2.3")
def divided_pre_norm_branches_double_the_stream() -> Result:
    """If that amount is the mean square with which the stream began, divided by $N$, the stream ends at twice its
    mean square, with 24 branches as with 100.
    """
    also("24 branches", mean_of(grown(24, 24, "pre"), 2.0, {"e, as without normalization": math.e}, width=256))
    return mean_of(
        grown(100, 100, "pre"),
        2.0,
        {"e, as without normalization": math.e, "three times": 3.0, "not divided": 1.0 + 100.0},
        width=256,
    )


@claim(source="@radford2019, section 2.3")
def counting_layers_ends_at_three() -> Result:
    """Who counts layers where branches are meant ends at three times the mean square."""
    return mean_of(
        grown(48, 24, "pre"),
        3.0,
        {"as if counted rightly": 2.0, "$e^2$, as without normalization": float(np.mean(grown(48, 24, "none")))},
        width=256,
    )


@claim(source="@xiong2020")
def pre_norm_grows_by_one() -> Result:
    """With the normalization inside the branch, each block adds the same amount, and after {blocks:.0f} blocks the
    mean square is {measured:.0f}.
    """
    grown = [s.size[-1] ** 2 for s in streams(norm="pre")]
    return mean_of(grown, 1.0 + BLOCKS, {"it doubles": 2.0**BLOCKS, "it is kept": 1.0}, width=64, blocks=BLOCKS)


@claim(source="@xiong2020")
def pre_norm_gradient_grows_like_the_root() -> Result:
    r"""The gradient grows like $\sqrt{{L}}$ on the way back: by a factor of {whole:.0f} in all,
    of which a factor of $\sqrt5$ falls on the first four of the {blocks:.0f} blocks.
    """
    runs = streams(norm="pre")
    whole = [s.gradient[0] / s.gradient[-1] for s in runs]
    root = (1 + BLOCKS) ** 0.5
    also(
        "over all blocks",
        near(np.mean(whole), root, 0.1 * root, "the last blocks' share, and eight seeds", {"kept": 1.0}),
    )
    return mean_of(
        [s.gradient[0] / s.gradient[4] for s in runs],
        5**0.5,
        {"nothing falls there": 1.0, "all of it falls there": 5.0, "as much as on any four": (1 + BLOCKS) ** (1 / 12)},
        width=64,
        whole=float(np.mean(whole)),
        blocks=BLOCKS,
    )


@claim(source="@xiong2020")
def post_norm_keeps_both() -> Result:
    """With the normalization after the addition, the stream is kept by force and the gradient by a balance of two
    halves.
    """
    found = [(s.gradient[0] / s.gradient[-1]) ** (1 / BLOCKS) for s in streams(norm="post")]
    return mean_of(found, 1.0, {"the skipped half alone": 2**-0.5, "like the stream without norm": 2**0.5}, width=256)


@claim(source="@yang2019")
def batch_norm_explodes() -> Result:
    r"""With ReLU the gradient's mean square is multiplied by $\pi/(\pi - 1) = 1.47$ at every layer,
    whatever the scale of the weights.
    """
    found = [
        np.mean([batch_norm_factor("relu", depth=30, width=384, batch=512, gain=g, seed=s) for s in range(3)]) ** 2
        for g in (0.1, 1.0, 10.0)
    ]
    expected = math.pi / (math.pi - 1)
    return near(
        max(found, key=lambda f: abs(f - expected)),
        expected,
        0.03,
        "the worst of three scales; the batch of 512 is not infinite, nor is the width of 384",
        {
            "it is kept": 1.0,
            "as for a linear layer": batch_norm_factor("linear") ** 2,
            "as for GELU": batch_norm_factor("gelu") ** 2,
        },
    )


@claim(source="@yang2019")
def batch_norm_at_fifty_layers() -> Result:
    """In fifty layers the gradient's rms grows by a factor of {grown:,.0f}."""
    found = [math.log(batch_norm_factor("relu", depth=50, width=256, batch=256, seed=s)) * 50 for s in range(4)]
    # Half of fifty layers, for the rms and not its square.
    theory = 25 * math.log(math.pi / (math.pi - 1))
    return near(
        np.mean(found),
        theory,
        0.6,
        "the logarithm; a finite batch and width take a percent a layer",
        {
            "a mean square of as much": theory / 2,
            "it doubles its mean square": 25 * math.log(2),
            "a linear layer's": 50 * math.log(batch_norm_factor("linear")),
        },
        grown=round(math.exp(np.mean(found)), -4),
    )


@claim(source="@zhang2019, section 4")
def fixup_step_does_not_depend_on_depth() -> Result:
    """Under Fixup with a random output layer (at zero only that layer would move), the first step moves the output
    about as much with 64 branches as with 4.
    """
    ratio = {
        start: float(
            np.mean(
                [
                    first_step_change(start, blocks=64, rate=0.01, seed=s)
                    / first_step_change(start, blocks=4, rate=0.01, seed=s)
                    for s in range(3)
                ]
            )
        )
        for start in ("fixup", "scaled", "zero_last")
    }
    return near(
        ratio["fixup"],
        1.0,
        0.25,
        "mean of 3 seeds of width 64",
        {"as with divided branches": ratio["scaled"], "as with the last matrix at 0 alone": ratio["zero_last"]},
    )


@claim(source="@zhang2019, section 4")
def fixup_trains_two_hundred_layers() -> Result:
    """A network of 202 layers, with no normalization at all, reads {percent:.0f} % of the test digits after 200 steps
    at the same rate of 0.1 that a shallow one takes.
    """
    ends = [run.accuracy[-1] for run in train_residual("fixup", blocks=100, steps=200, rate=0.1, seeds=(0, 1, 2))]
    others = {
        f"as from {start}": float(train_residual(start, blocks=100, steps=200, rate=0.1)[0].accuracy[-1])
        for start in ("standard", "scaled", "zero_last")
    }
    return above(min(ends), 0.85, "worst of 3 seeds", others, percent=100 * float(np.median(ends)))


@claim(source="")
def a_smaller_rate_does_too() -> Result:
    """At a rate of 0.003 divided branches and last matrices at 0 train as well."""
    ends = [
        run.accuracy[-1]
        for start in ("scaled", "zero_last")
        for run in train_residual(start, blocks=100, steps=200, rate=0.003, seeds=(0, 1))
    ]
    at_fixup_rate = train_residual("scaled", blocks=100, steps=200, rate=0.1)[0].accuracy[-1]
    return above(min(ends), 0.85, "worst of 2 seeds of each", {"as at the rate of 0.1": float(at_fixup_rate)})


@claim(source="@zhang2019, section 4")
def without_the_minus_it_explodes() -> Result:
    """With the sign left out the first steps explode."""
    net = ResidualMLP(64, 64, 100, 10, np.random.default_rng(0), start="fixup")
    for first in range(1, 200, 2):
        net.W[first] *= 100.0  # the root of 100 in place of one over it
    # None if it survives all steps.
    at = train(net, steps=60, rate=0.1, looks=2, record="accuracy").exploded_at
    return below(
        math.inf if at is None else at,
        20,
        "the step at which it leaves float64",
        {"it survives, as with the sign": 60.0},
    )


@claim(source="@yang2022, table 3")
def mup_moves_do_not_depend_on_width() -> Result:
    """Under maximal update the layers' changes have slopes of at most {worst:.2f} on logarithmic axes,
    under the standard scaling the second and third of {second:.1f} and {third:.1f}.
    """
    widths = (64, 128, 256, 512, 1024)
    slopes = {
        scaling: np.polyfit(np.log(widths), np.log(coordinate_check(scaling, widths=widths)), 1)[0]
        for scaling in ("mup", "standard")
    }
    # The exponent of the width with which a layer's change grows.
    worst = float(np.abs(slopes["mup"]).max())
    return below(
        worst,
        0.1,
        "largest slope of three layers, widths 64 to 1024, three steps of Adam, 3 seeds",
        {"as under standard scaling": float(slopes["standard"][1])},
        worst=math.ceil(100 * worst) / 100,
        second=slopes["standard"][1],
        third=slopes["standard"][2],
    )
