"""Claims of the chapter What Your Framework Does. What the frameworks gave is in `wi_docs/data/frameworks.json`."""

import math
from statistics import NormalDist
from typing import Any

import numpy as np

from wi_docs.experiments import conditions, frameworks
from wi_docs.experiments.propagation import propagate
from wi_docs.nn.initializers import fans, orthogonal, truncated_deviation
from wi_docs.pages.claims import Result, also, claim, exactly, mean_of, near, require

TORCH, KERAS, FLAX = (frameworks.load()[library]["layers"] for library in ("torch", "keras", "flax"))
SCHEMES = frameworks.load()["torch"]["schemes"]
BESIDE = "it holds a framework's own numbers against a formula written beside them; the package computes nothing in it"


def deviation(law: dict[str, Any], expected: float, wrong: dict[str, float]) -> Result:
    """Return a result that holds if a measured law has the expected standard deviation, to four standard errors."""
    # The stored standard error is that of the deviation, over all entries of all seeds.
    error = 4 * law["std_error"]
    return near(law["std"], expected, error, f"4 standard errors over {law['entries']:,} entries", wrong)


@claim(
    what=r"largest of the weights, in units of $1/\sqrt{n_\text{in}}$",
    source="pytorch/pytorch issue 57109",
    untouched=BESIDE,
    proof="algebra: the gain is sqrt(2 / (1 + 5)), and a uniform law of deviation s has the bound sqrt(3) s",
)
def root_five_is_a_bound() -> Result:
    r"""Together it comes to a uniform distribution between $\pm1/\sqrt{{n_\text{{in}}}}$, for the weights and for the
    biases.
    """
    laws = (TORCH["Linear(400, 100) weight"], TORCH["Linear(400, 100) bias"])
    # A uniform law within 1/sqrt(n) of 0 has the deviation 1/sqrt(3 n), here with n = 400. In standard errors: the
    # relative distance over the relative standard error.
    worst = max(abs(law["std"] * math.sqrt(3 * 400) - 1) * law["std"] / law["std_error"] for law in laws)
    require(worst < 4, f"a deviation is {worst:.1f} standard errors from a uniform distribution's")
    require(all(law["largest"] <= 400**-0.5 for law in laws), "an entry is beyond the bound")
    return near(
        # 20 is the root of 400.
        laws[0]["largest"] * 20,
        1.0,
        1e-3,
        "the largest of 320,000 entries, times 20",
        {"He's bound": 6**0.5, "a deviation of 1/sqrt(n)": 3**0.5},
    )


@claim(what="factor by which a layer divides the gradient", source="@he2015, section 2.2", untouched=BESIDE)
def torch_default_divides_by_root_six() -> Result:
    r"""In gradients that PyTorch itself computed, its default divides the gradient of a ReLU network of equal widths by
    $\sqrt6 = 2.45$ a layer.
    """
    said = frameworks.load()["factors"]["relu pytorch_linear"]
    return near(
        1 / said["factor"],
        6**0.5,
        # The derivative of 1/f is -1/f^2, and turns the error of the factor into that of its inverse.
        4 * said["error"] / said["factor"] ** 2 + 3 / 256,
        "4 standard errors over 8 seeds, and the width of 256",
        {"by the root of three, weights alone": 3**0.5, "by the root of two, Keras's": 2**0.5},
    )


@claim(what="deviation of the weights that PyTorch drew", source="")
def transposed_counts_outputs() -> Result:
    """A transposed convolution stores its weight the other way round, and PyTorch takes its outputs for its inputs."""
    fan_in, fan_out = fans((3, 3, 40, 20))
    # The deviation of a uniform law within 1/sqrt(fan) of 0, with the outputs for the fan.
    law = TORCH["ConvTranspose2d(40, 20, 3) weight"]
    return deviation(law, (3 * fan_out) ** -0.5, {"its own fan-in": (3 * fan_in) ** -0.5})


@claim(
    what="deviation of the weights that PyTorch drew",
    source="",
    untouched=BESIDE,
    proof="the three are one array in PyTorch's own weights, measured",
)
def attention_is_stacked() -> Result:
    """Query, key and value of PyTorch's attention are one stacked matrix, if keys and values are as wide as the
    embedding, and Glorot's formula counts the outputs of the three together.
    """
    law = TORCH["MultiheadAttention(64, 4) in_proj_weight"]
    # Glorot's 2 / (inputs + outputs): 64 inputs, and 3 x 64 outputs.
    return deviation(
        law, (2 / (64 + 3 * 64)) ** 0.5, {"each by itself": (2 / 128) ** 0.5, "the output's": (3 * 64) ** -0.5}
    )


@claim(
    what="deviation of the weights that Keras drew",
    source="keras-team/keras issue 11773",
    untouched=BESIDE,
    proof="Keras takes the kernel's area times the channels for the fan-in, measured",
)
def depthwise_counts_all_channels() -> Result:
    """Keras counts all channels as inputs of a depthwise unit, which sees one, and with 40 channels starts it
    {factor:.1f} times too small.
    """
    law = KERAS["DepthwiseConv2D(3) of 40 kernel"]
    right = (2 / (9 + 9)) ** 0.5
    # A depthwise unit sees 3 x 3 = 9 inputs; Keras counts 9 for each of the 40 channels.
    expected = (2 / (9 * 40 + 9)) ** 0.5
    result = deviation(law, expected, {"its own fans": right, "LeCun's of 9": 1 / 3})
    # The same result, with a number for the sentence.
    return Result(**{**vars(result), "numbers": {"factor": right / expected}})


@claim(what="deviation of the weights that Keras drew", source="", untouched=BESIDE)
def keras_counts_all_groups() -> Result:
    """In Keras that is the default, and there 64 groups of one channel start {factor:.1f} times too small."""
    # Each group reads one channel through a window of 3 x 3 and gives one output.
    own, all_groups = (2 / (9 + 9)) ** 0.5, (2 / (9 + 9 * 64)) ** 0.5
    flax = deviation(FLAX["Conv(64, 3x3, groups=64, glorot_uniform) of 64 kernel"], all_groups, {"its own fans": own})
    fans = frameworks.load()["torch"]["fans"]["Conv2d(64, 64, 3, groups=64)"]
    also("Flax", flax)
    require(fans == [9, 9 * 64], f"PyTorch counts {fans}")
    result = deviation(
        KERAS["Conv2D(64, 3, groups=64) of 64 kernel"], all_groups, {"its own fans": own, "LeCun's of 9": 1 / 3}
    )
    return Result(**{**vars(result), "numbers": {"factor": own / all_groups}})


@claim(what="deviation of the weights that Keras drew", source="", untouched=BESIDE)
def keras_transposes_too() -> Result:
    """Keras takes them so too, and Flax's `linen` does not."""
    # He's deviations: a kernel of 3 x 3 has 9 weights for each of its 40 input channels, or of its 20 outputs.
    inputs, outputs = (2 / (9 * 40)) ** 0.5, (2 / (9 * 20)) ** 0.5
    flax = deviation(FLAX["ConvTranspose(20, 3x3, he_normal) of 40 kernel"], inputs, {"outputs": outputs})
    also("Flax", flax)
    return deviation(
        KERAS["Conv2DTranspose(20, 3, he_normal) of 40 kernel"], outputs, {"inputs, as it should be": inputs}
    )


@claim(what="deviation of the weights that Flax drew", source="", untouched=BESIDE)
def nnx_gates_are_stacked() -> Result:
    """Its `nnx.OptimizedLSTMCell` and `nnx.GRUCell` do as Keras."""
    # An orthogonal matrix of 100 x 100 has entries of mean square 1/100; with four stacked side by side, 1/400.
    by_itself, four = 100**-0.5, 400**-0.5
    alone = deviation(FLAX["nnx.LSTMCell(64, 100) hf.kernel"], by_itself, {"four stacked": four})
    three = deviation(FLAX["nnx.GRUCell(64, 100) dense_h.kernel"], 300**-0.5, {"each gate by itself": by_itself})
    also("nnx.LSTMCell", alone)
    also("nnx.GRUCell", three)
    return deviation(FLAX["nnx.OptimizedLSTMCell(64, 100) dense_h.kernel"], four, {"each gate by itself": by_itself})


@claim(
    what="length of a state behind a gate's part, over that before",
    source="",
    proof="one array has the columns of the four, measured",
)
def keras_gates_are_not_orthogonal() -> Result:
    """Keras draws one orthogonal matrix for all four gates, as its source says, so that a single gate's part halves a
    state's length.
    """
    found, by_itself = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        conditions.say(scheme="orthogonal", recurrence=100, seeds=seed)
        # Four gates of 100 units side by side; the rows are orthogonal, and those of one gate's part are not.
        W, h = orthogonal(rng, (100, 400)), np.random.default_rng([seed, 1]).standard_normal(100)
        found.append(float(np.linalg.norm(h @ W[:, :100]) / np.linalg.norm(h)))
        by_itself.append(float(np.linalg.norm(h @ orthogonal(rng, (100, 100))) / np.linalg.norm(h)))
    law = KERAS["LSTM(100) of 64 recurrent_kernel"]
    also("Keras's own deviation", deviation(law, 400**-0.5, {"orthogonal by gate": 100**-0.5}))
    # a quarter of the columns keeps a quarter of the square
    return mean_of(found, (100 / 400) ** 0.5, {"orthogonal by gate": by_itself[0], "a quarter": 100 / 400}, width=100)


@claim(
    what="bias of Keras's forget gate",
    source="@jozefowicz2015, section 2.2",
    untouched=BESIDE,
    proof="each of the three is measured",
)
def only_keras_remembers() -> Result:
    """Of the three, only Keras starts the forget gate's bias at 1."""
    keras = KERAS["LSTM(100) of 64 bias"]
    flax = FLAX["OptimizedLSTMCell(100) of 64 cell.hf.bias"]
    # PyTorch has two biases for a gate, which add up.
    torch = max((TORCH[f"LSTM(64, 100) bias_{way}_l0"] for way in ("ih", "hh")), key=lambda law: law["largest"])
    require(flax["largest"] == 0, f"Flax's bias goes up to {flax['largest']}")
    require(torch["largest"] <= 0.1, f"PyTorch's bias goes up to {torch['largest']}")
    require(keras["largest"] == 1.0, f"Keras's bias goes up to {keras['largest']}")
    gates = 4  # of which one has it
    return exactly(keras["mean"] * gates, 1.0, {"none, as Flax": flax["mean"] * gates, "every gate": 1.0 * gates})


@claim(what="largest weight, in deviations that were asked for", source="")
def jax_normal_has_no_tails() -> Result:
    """What JAX calls `he_normal` is cut at two deviations and widened again, so that no weight exceeds
    {expected:ceil.2} deviations.
    """
    law = frameworks.load()["jax"]["schemes"]["he_normal dense"]
    return near(
        law["largest"] / (2 / 400) ** 0.5,
        # Cut at two deviations, a normal law has a smaller deviation. Dividing by that moves the cut outwards.
        2 / truncated_deviation(),
        1e-3,
        "the largest of 320,000 entries",
        {
            "cut and not widened": 2 / 1,
            "as of a normal": NormalDist().inv_cdf(1 - 0.5 / law["entries"]),  # exceeded by one entry, either way
        },
    )


@claim(
    what="mean of the fourth power over the square of the mean square, 3 for a normal distribution",
    source="huggingface/pytorch-image-models issue 1286",
    untouched=BESIDE,
)
def torch_truncates_at_two_not_at_two_sigma() -> Result:
    """With a deviation of 0.02 its bounds of ±2 are a hundred deviations away, and nothing is cut."""
    law, wide = SCHEMES["trunc_normal_ std=0.02 dense"], SCHEMES["trunc_normal_ std=1 dense"]
    also(
        "at a deviation of 1 they cut",
        near(wide["largest"], 2.0, 1e-3, "320,000 entries", {"not cut": law["largest"] / 0.02}),
    )

    def kurtosis(cut):
        """Return the kurtosis of a normal distribution that is cut at `cut` deviations on either side."""
        x = np.linspace(-cut, cut, 20_001)
        weight = np.exp(-x * x / 2)
        return float((x**4 * weight).sum() * weight.sum() / (x**2 * weight).sum() ** 2)

    return near(
        law["fourth_moment"],
        3.0,
        # Var z^4 = 105 - 9 = 96. The ratio's own variance is 24 / n, so that these are eight of its standard errors.
        4 * (96 / law["entries"]) ** 0.5,
        "fourth moment over the square of the second; 4 standard errors of a normal's",
        {
            "cut at two deviations": kurtosis(2),
            "at three": kurtosis(3),
            "as at a deviation of 1": wide["fourth_moment"],
        },
    )


@claim(what="PyTorch's deviation over Keras's", source="pytorch/pytorch issue 3121", untouched=BESIDE)
def embeddings_differ_by_thirty() -> Result:
    """An embedding of 64 features has a deviation of 1 in PyTorch, {flax:.3f} in Flax and {keras:.3f} in Keras."""
    torch, flax, keras = (
        law["std"]
        for law in (
            TORCH["Embedding(1000, 64) weight"],
            FLAX["Embed(1000, 64) embedding"],
            KERAS["Embedding(1000, 64) embeddings"],
        )
    )
    return near(
        torch / keras,
        1 / (0.05 / 3**0.5),
        0.2,
        "1 over the deviation of a uniform on ±0.05; 4 standard errors",
        {"they agree": torch / torch, "the bound for the deviation": 1 / 0.05},
        flax=flax,
        keras=keras,
    )


@claim(what="base-10 logarithm of what is left of the gradient with PyTorch's default", source="@he2015, section 2.2")
def thirty_layers_by_default() -> Result:
    """From the last of thirty ReLU layers of width 512 to the first, {torch:.0e} of the gradient is left with PyTorch's
    default, and {keras:.0e} with Keras's.
    """

    def left(init):
        return [
            math.log10(p.gradient_rms[0] / p.gradient_rms[-1])
            for p in (propagate("relu", init, depth=30, width=512, batch=32, seed=s) for s in range(8))
        ]

    torch, keras = left("pytorch_linear"), left("keras_dense")
    # 29 factors between thirty layers, and half of a mean square's logarithm for the rms: 14.5.
    weights_alone = -14.5 * math.log10(3)
    also(
        "Keras's", mean_of(keras, -14.5 * math.log10(2), {"kept": math.log10(1), "PyTorch's": weights_alone}, width=512)
    )
    return mean_of(
        torch,
        -14.5 * math.log10(6),
        {"as Keras's": float(np.mean(keras)), "the weights alone": weights_alone},
        width=512,
        torch=10 ** np.mean(torch),
        keras=10 ** np.mean(keras),
    )
