"""The default initialization of layers in three libraries: the measured deviation, and the law that it follows."""

from wi_docs.experiments import frameworks
from wi_docs.pages.tables import Table

NAMES = {"torch": "PyTorch", "keras": "Keras", "flax": "Flax"}
# Library, layer, name of the parameter in the data, the law in words, and the standard deviation by that law. A uniform
# distribution within a of 0 has the deviation a / sqrt 3; LSTMs stack the matrices of four gates, which counts in fans.
ROWS = (
    ("torch", "Linear(400, 100)", "weight", r"uniform, $\pm1/\sqrt{n_\text{in}}$", (3 * 400) ** -0.5),
    ("torch", "Linear(400, 100)", "bias", r"uniform, $\pm1/\sqrt{n_\text{in}}$", (3 * 400) ** -0.5),
    ("torch", "Conv2d(40, 20, 3)", "weight", r"uniform, $\pm1/\sqrt{n_\text{in}}$", (3 * 360) ** -0.5),
    ("torch", "ConvTranspose2d(40, 20, 3)", "weight", "the same, with $n$ counted over outputs", (3 * 180) ** -0.5),
    ("torch", "Embedding(1000, 64)", "weight", "normal", 1.0),
    ("torch", "LSTM(64, 100)", "weight_ih_l0", "uniform, $\\pm1/\\sqrt{\\text{units}}$", (3 * 100) ** -0.5),
    ("torch", "LSTM(64, 100)", "weight_hh_l0", "uniform, $\\pm1/\\sqrt{\\text{units}}$", (3 * 100) ** -0.5),
    ("torch", "LSTM(64, 100)", "bias_ih_l0", "uniform, $\\pm1/\\sqrt{\\text{units}}$", (3 * 100) ** -0.5),
    ("torch", "MultiheadAttention(64, 4)", "in_proj_weight", "Glorot uniform, three stacked", (2 / 256) ** 0.5),
    ("torch", "MultiheadAttention(64, 4)", "out_proj.weight", r"uniform, $\pm1/\sqrt{n_\text{in}}$", (3 * 64) ** -0.5),
    ("keras", "Dense(100) of 400", "kernel", "Glorot uniform", (2 / 500) ** 0.5),
    ("keras", "Conv2D(20, 3) of 40", "kernel", "Glorot uniform", (2 / 540) ** 0.5),
    ("keras", "DepthwiseConv2D(3) of 40", "kernel", "Glorot uniform, all channels counted", (2 / 369) ** 0.5),
    ("keras", "Embedding(1000, 64)", "embeddings", "uniform, ±0.05", 0.05 / 3**0.5),
    ("keras", "LSTM(100) of 64", "kernel", "Glorot uniform, four gates stacked", (2 / 464) ** 0.5),
    ("keras", "LSTM(100) of 64", "recurrent_kernel", "orthogonal, four gates stacked", 400**-0.5),
    ("keras", "LSTM(100) of 64", "bias", "0, and 1 for the forget gate", (3 / 16) ** 0.5),
    ("flax", "Dense(100) of 400", "kernel", "LeCun, truncated normal", 400**-0.5),
    ("flax", "Conv(20, 3x3) of 40", "kernel", "LeCun, truncated normal", 360**-0.5),
    ("flax", "Embed(1000, 64)", "embedding", r"normal, variance $1/\text{features}$", 64**-0.5),
    ("flax", "OptimizedLSTMCell(100) of 64", "cell.if.kernel", "LeCun, truncated normal", 64**-0.5),
    ("flax", "OptimizedLSTMCell(100) of 64", "cell.hf.kernel", "orthogonal, each gate", 100**-0.5),
    ("flax", "OptimizedLSTMCell(100) of 64", "cell.hf.bias", "0, the forget gate too", 0.0),
)


# Biases of PyTorch that are drawn, and are not listed because they are like the ones that are.
DRAWN = ("Conv2d(40, 20, 3) bias", "ConvTranspose2d(40, 20, 3) bias", "RNN(64, 100) bias", "LSTM(64, 100) bias_hh")


def table() -> Table:
    """Return the deviations that were measured, each beside the law that it follows and that law's deviation.

    Raises:
        ValueError: if a measurement is more than four standard errors from its law, or if the data contradict the
            caption's sentence on biases that are not listed.
    """
    data = frameworks.load()
    # The caption says how biases start that are not listed. The loop holds it against the data.
    listed = {(library, f"{layer} {parameter}") for library, layer, parameter, *_ in ROWS}
    for library in NAMES:
        for name, law in data[library]["layers"].items():
            if "bias" in name and (library, name) not in listed:
                # Drawn biases have a largest entry above 0; biases that start at 0 do not.
                drawn = library == "torch" and name.startswith(DRAWN)
                if drawn != (law["largest"] > 0):
                    raise ValueError(
                        f"the caption is wrong about {NAMES[library]}'s {name}, whose largest is {law['largest']}"
                    )
    laws = [data[library]["layers"][f"{layer} {parameter}"] for library, layer, parameter, _, _ in ROWS]
    # In standard errors of the measurement. Some parameters are constant, and have none.
    apart = [
        abs(law["std"] - expected) / law["std_error"] if law["std_error"] else 0.0
        for law, (*_, expected) in zip(laws, ROWS, strict=True)
    ]
    if max(apart) > 4:
        raise ValueError(f"{ROWS[apart.index(max(apart))]} is {max(apart):.1f} standard errors from what was measured")
    versions = ", ".join(f"{name} {data['versions'][key]}" for key, name in NAMES.items())
    return Table(
        f"What layers start from in {versions}: the standard deviation measured over eight seeds, the law that it is, "
        f"and that law's deviation. The largest distance between the two is {max(apart):.1f} standard errors. "
        "Of the biases that are not listed, PyTorch draws those of convolutions and recurrent layers like the "
        "weights beside them. The others start at 0.",
        {
            "library": [NAMES[library] for library, *_ in ROWS],
            "layer": [f"`{layer}` `{parameter}`" for _, layer, parameter, _, _ in ROWS],
            "law": [words for *_, words, _ in ROWS],
            "measured": [law["std"] for law in laws],
            "its deviation": [expected for *_, expected in ROWS],
        },
        {"measured": ".4f", "its deviation": ".4f"},
    )
