"""Lowering: from groups of fused nodes to the source of kernels and a program that runs them."""
