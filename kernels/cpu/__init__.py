"""Kernels for the CPU, written in Numba, with LLVM vector code where Numba has no word for it."""
