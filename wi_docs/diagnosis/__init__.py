"""The reader's own network: described, in a file of weights, or as a PyTorch model."""
