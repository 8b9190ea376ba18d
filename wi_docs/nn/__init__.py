"""Networks: activations, initializers, gains, a network with a backward pass by hand, number formats. Numpy only."""
