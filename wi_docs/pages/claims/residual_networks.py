"""Claims of the chapter Residual Networks, Normalization, Transformers."""

import math

import numpy as np

from wi_docs.experiments import conditions, digits
from wi_docs.experiments.mup import coordinate_check
from wi_docs.experiments.propagation import rms
from wi_docs.experiments.residual import (
    ResidualMLP,
    batch_norm_factor,
    first_step_change,
    residual_stream,
    train_residual,
)
from wi_docs.experiments.training import descend, train
from wi_docs.nn.activations import activation
from wi_docs.nn.gains import gain
from wi_docs.nn.network import MLP, softmax_cross_entropy
from wi_docs.pages.claims import Result, above, also, below, claim, mean_of, near

SEEDS = range(8)
BLOCKS = 24


def streams(**options):
    """Return eight residual streams of 24 blocks, one for each seed. `options` may change any argument."""
    return [residual_stream(**({"blocks": BLOCKS} | options), seed=seed) for seed in SEEDS]


@claim(what="number of times that the mean square doubles in a block", source="@zhang2019, section 2")
def stream_doubles() -> Result:
    """The mean square doubles from block to block, and so does the gradient's on its way back."""
    runs = streams()
    # Sizes are rms: twice their logarithm is that of the mean square.
    there = [2 * math.log2(s.size[-1] / s.size[0]) / BLOCKS for s in runs]
    back = [2 * math.log2(s.gradient[0] / s.gradient[-1]) / BLOCKS for s in runs]
    wrong = {"it grows by adding, one a block": math.log2(1 + BLOCKS) / BLOCKS, "it is kept": math.log2(1)}
    also("the gradient", mean_of(back, 1.0, wrong, width=256))
    return mean_of(there, 1.0, wrong, width=256)


@claim(what="mean square at the end over that at the start, with 50 branches", source="")
def divided_branches_end_at_e() -> Result:
    r"""Without normalization, and with each of $L$ branches divided by $\sqrt L$, the mean square after the last block
    is $(1 + 1/L)^L$ times that of the input, which is below $e$ times, with 4 branches as with 50.
    """
    few, many = 4, 50
    added_once, limit = 1 + few * (1 / few), math.e
    # The wrong statement of 4 branches: each adds a quarter of what the stream began with.
    wrong = {"it doubles once, as by adding": added_once}
    also(
        f"{few} branches",
        mean_of(grown(few, few, "none"), (1 + 1 / few) ** few, wrong | {"e already": limit}, width=256),
    )
    return mean_of(
        grown(many, many, "none"),
        (1 + 1 / many) ** many,
        wrong | {"as with 4": (1 + 1 / few) ** few, "not divided": 2.0**many},
        width=256,
    )


def grown(branches, divided_by, norm):
    """Return the factor by which a residual stream's mean square grows from its start to its end, a number a seed.

    The stream has `branches` branches, each divided by the root of `divided_by`. `norm` is as in `residual_stream`.
    """
    streams = [residual_stream(blocks=branches, branch=divided_by**-0.5, norm=norm, seed=s) for s in SEEDS]
    return [float((s.size[-1] / s.size[0]) ** 2) for s in streams]


@claim(what="mean square at the end over that at the start, with 100 branches", source="@radford2019, section 2.3")
def divided_pre_norm_branches_double_the_stream() -> Result:
    """If that amount is the mean square with which the stream began, divided by $N$, the stream ends after $N$ residual
    layers at twice its mean square, with 24 branches as with 100.
    """
    also("24 branches", mean_of(grown(24, 24, "pre"), 2.0, {"e, as without normalization": math.e}, width=256))
    # A normalized branch adds 1 before it is divided: 100 branches over N = 100 add 1. Over N = 50, the number of
    # layers with two branches each, they add 2.
    one, many = 100 * (1 / 100), 100 * (1 / 50)
    return mean_of(
        grown(100, 100, "pre"),
        2.0,
        {"e, as without normalization": math.e, "layers counted": one + many, "not divided": 1.0 + 100.0},
        width=256,
    )


@claim(what="mean square at the end over that at the start", source="@radford2019, section 2.3")
def counting_layers_ends_at_three() -> Result:
    """Whoever counts layers where branches are meant ends at three times the mean square."""
    # 24 layers of two branches each, divided by the root of 24 where 48 is meant.
    return mean_of(
        grown(48, 24, "pre"),
        3.0,
        {
            "as if counted rightly": float(np.mean(grown(48, 48, "pre"))),
            "$e^2$, as without normalization": float(np.mean(grown(48, 24, "none"))),
        },
        width=256,
    )


@claim(what="mean square at the end of 24 blocks", source="@xiong2020")
def pre_norm_grows_by_one() -> Result:
    """With the normalization inside the branch, each block adds the same amount, and over {blocks:.0f} blocks the mean
    square grows from 1 to {expected:.0f}.
    """
    runs = streams(norm="pre")
    # By adding, the middle is half way; by a factor, it would be at the root of the end.
    half = [s.size[BLOCKS // 2] ** 2 for s in runs]
    also("half way", mean_of(half, 1.0 + BLOCKS // 2, {"as if by a factor": (1.0 + BLOCKS) ** 0.5}, width=256))
    start = float(np.mean([s.size[0] ** 2 for s in runs]))
    wrong = {"it doubles": 2.0**BLOCKS, "it is kept": start}
    return mean_of([s.size[-1] ** 2 for s in runs], 1.0 + BLOCKS, wrong, width=256, blocks=BLOCKS)


@claim(
    what="factor of the first four blocks on the gradient's rms",
    source="@xiong2020",
    proof="in all: from the last block to the first",
)
def pre_norm_gradient_grows_like_the_root() -> Result:
    r"""The gradient grows like $\sqrt{{L}}$ on the way back: by a factor of {whole:.0f} in total,
    of which a factor of $\sqrt5$ falls on the first four of the {blocks:.0f} blocks.
    """
    runs = streams(norm="pre")
    # Where the stream has mean square 1 + k, a branch adds 1/(1 + k) of the gradient's mean square to it. The factors
    # (2 + k)/(1 + k) telescope to 5 over the first four blocks and to 25 over all 24.
    whole = [s.gradient[0] / s.gradient[-1] for s in runs]
    root = (1 + BLOCKS) ** 0.5
    also(
        "over all blocks",
        near(
            np.mean(whole),
            root,
            0.1 * root,
            "the last blocks' share, and eight seeds",
            {"doubled": 2.0 ** (BLOCKS / 2)},
        ),
    )
    return mean_of(
        [s.gradient[0] / s.gradient[4] for s in runs],
        5**0.5,
        {
            "nothing falls there": root**0,
            "all of it falls there": root,
            "as much as on any four": root ** (4 / BLOCKS),
        },
        width=256,
        whole=float(np.mean(whole)),
        blocks=BLOCKS,
    )


@claim(what="factor of a block on the gradient's rms", source="@xiong2020")
def post_norm_keeps_both() -> Result:
    """With our ReLU branches, in wide layers, the gradient is nearly kept too: branch and stream double its mean
    square, and the normalization halves it.
    """
    found = [(s.gradient[0] / s.gradient[-1]) ** (1 / BLOCKS) for s in streams(norm="post")]
    # Without branches only the halving would be left, without normalization only the doubling: roots of 1/2 and of 2.
    return mean_of(found, 1.0, {"the skipped half alone": 2**-0.5, "like the stream without norm": 2**0.5}, width=256)


@claim(what="factor of 24 blocks on the gradient's rms", source="")
def post_norm_with_tanh_does_not() -> Result:
    """With tanh branches, at their forward gain, the gradient grows by a factor of {measured:.0f} over {blocks:.0f}
    blocks.
    """

    def grown(phi):
        """Return the rms of the gradient in front of all blocks, a number a network; behind them it is about 1."""
        found = []
        for seed in SEEDS:
            rng = np.random.default_rng(seed)
            net = MLP([128] * (2 * BLOCKS + 1), phi, "lecun_normal", rng)
            for last in range(1, 2 * BLOCKS, 2):
                # The second matrix of a branch gets the gain, so that the branch keeps the mean square of its input.
                net.W[last] *= gain(phi)
            # Two layers a branch, the second linear; the normalization is behind each addition.
            net.activations = [activation(phi), activation("linear")] * BLOCKS
            net.branch_ends = frozenset(range(1, 2 * BLOCKS, 2))
            net.normalized = {"output": net.branch_ends}
            conditions.network(net, rng)
            conditions.say(normalization="post", blocks=BLOCKS, data="normal inputs", seeds=seed)
            grad = net.backward(net.forward(rng.standard_normal((32, 128))), rng.standard_normal((32, 128)))
            found.append(float(np.sqrt((grad.x**2).mean())))
        return found

    # A block multiplies by (1 + b)/2, b being what the branch does to the gradient's mean square.
    theory = ((1 + gain("tanh") ** 2 / gain("tanh", direction="backward") ** 2) / 2) ** (BLOCKS / 2)
    return mean_of(grown("tanh"), theory, {"as with ReLU": float(np.mean(grown("relu")))}, width=128, blocks=BLOCKS)


@claim(what="how far a step moves the output with 64 divided branches, over that with 4", source="")
def division_tames_the_first_step() -> Result:
    """On the digits, in networks of ReLU branches of width 64, with a normalization inside each but not at the end, a
    first step of plain descent at a rate of 0.01 moves the output, on average over sixteen networks, {plain:.0f} times
    as far with {many:.0f} branches as with {few:.0f} if the branches are not divided, and {measured:.0f} times as far
    if they are.
    """
    few, many = 4, 64
    data = digits.load()
    x, y = data.train_x[:128], data.train_y[:128]

    def moved(start, blocks, seed):
        net = ResidualMLP(64, 64, blocks, 10, np.random.default_rng(seed), start=start)
        # The input of each branch is normalized, at its first layer.
        net.normalized = {"input": frozenset(range(1, 2 * blocks, 2))}
        conditions.network(net, np.random.default_rng(seed))
        conditions.say(normalization="pre", blocks=blocks, optimizer="sgd", rate=0.01, steps=1, seeds=seed)
        run = net.forward(x)
        descend(net, net.backward(run, softmax_cross_entropy(run.output, y)[1]), 0.01)
        return rms(net.forward(x).output - run.output)

    plain, divided = (
        float(np.mean([moved(start, many, seed) / moved(start, few, seed) for seed in range(16)]))
        for start in ("standard", "scaled")
    )
    reason = "half of what it is without the division; means of 16 networks of width 64 at a rate of 0.01"
    return below(divided, plain / 2, reason, {"not divided": plain}, plain=plain, few=few, many=many)


@claim(
    what="factor of a layer on the gradient's mean square, the farthest from theory of three scales",
    source="@yang2019",
    proof="the normalization divides a factor on the weights out",
)
def batch_norm_explodes() -> Result:
    r"""With ReLU, after the first layers, in wide layers and large batches, the gradient's mean square is multiplied by
    $\pi/(\pi - 1) = 1.47$ a layer, whatever the scale of the weights.
    """
    found = [
        np.mean([batch_norm_factor("relu", depth=30, width=384, batch=512, gain=g, seed=s) for s in range(3)]) ** 2
        for g in (0.1, 1.0, 10.0)
    ]
    # In the limit of a large batch.
    expected = math.pi / (math.pi - 1)
    return near(
        max(found, key=lambda f: abs(f - expected)),
        expected,
        0.03,
        "the worst of three scales; the batch of 512 is not infinite, nor is the width of 384",
        {
            "as for a linear layer": batch_norm_factor("linear") ** 2,
            "as for GELU": batch_norm_factor("gelu") ** 2,
        },
    )


@claim(what="logarithm of the factor of fifty layers on the gradient's rms", source="@yang2019")
def batch_norm_at_fifty_layers() -> Result:
    """At the factor that we measure in the middle half of fifty ReLU layers of width 256, fifty such layers multiply
    the gradient's rms by about {grown:,.0f}.
    """
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


@claim(
    what="how far a step moves the output with 64 branches, over that with 4",
    source="@zhang2019, section 4",
    proof="behind an output matrix of 0 the gradient is 0",
)
def fixup_step_does_not_depend_on_depth() -> Result:
    """Under Fixup with biases of 0 and a random output layer (at zero only that layer would move), a first step of
    plain descent on digits moves the output about as much with 64 branches as with 4.
    """
    # The mean over seeds of the ratio of two networks of one seed.
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


@claim(what="share of the test digits that the worst of 3 networks reads", source="@zhang2019, section 4")
def fixup_trains_two_hundred_layers() -> Result:
    """From Fixup, a residual network of 202 ReLU layers of width 64, without normalization, reads {percent:.0f} % of
    the test digits after 200 steps of plain descent at a rate of 0.1, at which three other starts leave the range of
    numbers within ten steps.
    """
    seeds, steps = (0, 1, 2), 200
    ends = [run.accuracy[-1] for run in train_residual("fixup", blocks=100, steps=steps, rate=0.1, seeds=seeds)]
    # The three controls differ from Fixup in the start alone: same seeds, rate and steps.
    others = {
        start: train_residual(start, blocks=100, steps=steps, rate=0.1, seeds=seeds)
        for start in ("standard", "scaled", "zero_last")
    }
    last = max(steps if run.exploded_at is None else run.exploded_at for runs in others.values() for run in runs)
    also("the step at which the others explode", below(last, 10, "the latest of nine", {"as Fixup": steps}))
    wrong = {f"as from {start}": max(float(run.accuracy[-1]) for run in runs) for start, runs in others.items()}
    return above(min(ends), 0.85, "worst of 3 seeds", wrong, percent=100 * float(np.median(ends)))


@claim(what="share of the test digits that the worst of 4 networks reads", source="")
def a_smaller_rate_does_too() -> Result:
    """By plain gradient descent at a rate of 0.003, two residual networks of 202 ReLU layers with divided branches, and
    two with last matrices at 0, read {percent:floor} % of the digits or more after 200 steps.
    """
    ends = [
        run.accuracy[-1]
        for start in ("scaled", "zero_last")
        for run in train_residual(start, blocks=100, steps=200, rate=0.003, seeds=(0, 1))
    ]
    at_fixup_rate = train_residual("scaled", blocks=100, steps=200, rate=0.1)[0].accuracy[-1]
    wrong = {"as at the rate of 0.1": float(at_fixup_rate)}
    return above(min(ends), 0.85, "worst of 2 seeds of each", wrong, percent=100 * min(ends))


@claim(what="step at which the last of 3 networks overflows", source="@zhang2019, section 4")
def without_the_minus_it_explodes() -> Result:
    """With the sign left out the first steps of plain descent at a rate of 0.1 explode."""
    steps, ends = 60, []
    for seed in range(3):
        net = ResidualMLP(64, 64, 100, 10, np.random.default_rng(seed), start="fixup")
        for first in range(1, 200, 2):
            net.W[first] *= 100.0  # the root of 100 in place of one over it
        at = train(net, steps=steps, rate=0.1, seed=seed, looks=2, record="accuracy").exploded_at
        ends.append(math.inf if at is None else at)
    with_sign = train_residual("fixup", blocks=100, steps=200, rate=0.1, seeds=(0, 1, 2))
    survived = min(200 if run.exploded_at is None else run.exploded_at for run in with_sign)
    return below(max(ends), 20, "the step at which the last of 3 networks leaves float64", {"with the sign": survived})


@claim(
    what="slope of a layer's change over the width, both as logarithms; the largest of three layers",
    source="@yang2022, table 3",
)
def mup_moves_do_not_depend_on_width() -> Result:
    """Drawn over the width on logarithmic axes, from 64 to 1,024, the changes of two hidden ReLU layers and the output
    in three steps of Adam at a rate of 0.01 have slopes of at most {worst:ceil.2} under maximal update, and of
    {second:.1f} and {third:.1f} for the second and third layer under the standard scaling.
    """
    widths = (64, 128, 256, 512, 1024)
    slopes = {
        scaling: np.polyfit(np.log(widths), np.log(coordinate_check(scaling, widths=widths)), 1)[0]
        for scaling in ("mup", "standard")
    }
    # The exponent of the width with which a layer's change grows.
    worst = float(np.abs(slopes["mup"]).max())
    # The first layer reads 64 pixels at every width, and its change does not grow under either scaling.
    grows = min(slopes["standard"][1:])
    also(
        "standard",
        above(grows, 0.5, "more than the root of the width; a fit over 5 widths", {"as maximal update": worst}),
    )
    return below(
        worst,
        0.1,
        "largest slope of three layers, widths 64 to 1024, three steps of Adam, 3 seeds",
        {"as under standard scaling": float(slopes["standard"][1])},
        # Rounded up, so that "at most" stays true.
        worst=math.ceil(100 * worst) / 100,
        second=slopes["standard"][1],
        third=slopes["standard"][2],
    )
