"""Hand-written kernels. They know addresses, shapes and strides, never a graph."""
