"""The commands of ``graphc``: one module each, with its options and what it does."""
