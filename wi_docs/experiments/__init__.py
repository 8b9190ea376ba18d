"""One phenomenon a module: a function runs it and returns a frozen dataclass of arrays."""
