"""The statements of the notes, in short, each with the site's correction. The numbers are those of the ledger."""

STATEMENTS = {
    1: ("Draw weights as `randn(D) / sqrt(D)`.", "Right. It keeps the mean square of the inputs, not their variance."),
    2: ("Read Efficient BackProp.", "Yes. One of its numbers is rounded, and the optimizers have aged."),
    3: (
        "Weight initialization is important.",
        "Yes. In ten ReLU layers, by plain gradient descent at one rate, a factor of two decides. Adam bears more.",
    ),
    4: (
        "Zeros are fine in linear models and fail in networks.",
        "Yes: a convex loss has no false valleys. A linear network with a hidden layer fails too.",
    ),
    5: (
        "Constant weights make all units calculate the same feature.",
        "Yes, if the weights out of the layer are equal too; and across units, not inputs.",
    ),
    6: (
        "It is like having only one unit.",
        "It *is* one unit. Plain gradient descent trains it like one with other rates, to rounding.",
    ),
    7: ("Random weights break the symmetry.", "Yes. So do random biases, random output weights, and dropout."),
    8: (
        "Which distribution, and which parameters?",
        "For independent weights in a wide layer the variance counts, and hardly the rest.",
    ),
    9: (
        "Deeper is better.",
        "It can express some functions with exponentially fewer units. Training is another matter.",
    ),
    10: (
        "Deeper networks need fewer units (a paper to be added).",
        "Telgarsky's theorem. Its counting of pieces is repeated here, in one dimension.",
    ),
    11: (
        "The sigmoid was thought best; derivatives from the output.",
        "The formulas are right, and lose all digits far out.",
    ),
    12: (
        "Smooth means differentiable everywhere, and gradient descent needs that.",
        "It does not. The function has to be the integral of its slope, as ReLU is.",
    ),
    13: (
        "The derivative of the first weight is a product over the layers.",
        "A product of matrices, and of slopes between them.",
    ),
    14: (
        "The slope is at most 0.25, so the derivatives vanish like 0.25 to the n.",
        "That bounds the slopes. The weights are in the product too.",
    ),
    15: ("Figure: the sigmoid and its derivative.", "Drawn, with its peak."),
    16: (
        "A deep sigmoid network learns very slowly.",
        "By plain gradient descent from LeCun's scale, yes. A larger scale or, at five layers, Adam cures it.",
    ),
    17: (
        "Greedy layer-wise pre-training helps.",
        "Yes. On these digits plain weights, three times as large, get as far, and take longer.",
    ),
    18: (
        "ReLU needs no pre-training.",
        "At the right scale. In 600 steps of plain gradient descent at a rate of 0.03, ten layers at PyTorch's do not "
        "train.",
    ),
    19: (
        "A product of numbers above 1 explodes.",
        "One number does. Products of random ones follow the mean logarithm.",
    ),
    20: ("Exploding may happen in recurrent networks.", "Yes, unless flat slopes make up for the weights."),
    21: (
        "Initialize just right to avoid both.",
        "There is an edge. At variance 1 no one gain of tanh, GELU or the sigmoid is right in both directions.",
    ),
    22: ("Ways to initialize weights (the notes stop here).", "The last chapter."),
}
