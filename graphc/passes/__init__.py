"""Passes: each makes a better Graph from a Graph, and each is a file. `pipeline` lists them in order."""
