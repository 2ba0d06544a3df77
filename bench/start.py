"""From process start to the first training step done: an MLP 784-512-512-10, softmax cross-entropy, batch 32.

    python bench/start.py [--runs 5] [--peers] [--phases]

Every number is the median over fresh processes: once with an empty compile cache, once more with what that left there.
Wall time is what a user waits; CPU time (of the process, user and system) is what a busy machine does not disturb."""
from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZES = (784, 512, 512, 10)
BATCH = 32
CACHES = {"graphc": "GRAPHC_CACHE", "jax": "JAX_COMPILATION_CACHE_DIR"}
JAX_KEEPS_ALL = {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0", "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1"}


# ---- in the measured process ----------------------------------------------------------------------------------------
class Clock:
    """Seconds of CPU time that each phase of this process took; the first one began with the process."""

    def __init__(self):
        self.phases, self._last = {}, 0.0

    def stop(self, phase: str) -> None:
        now = time.process_time()
        self.phases[phase], self._last = now - self._last, now


def graphc(update: str, clock: Clock) -> float:
    import numpy as np
    clock.stop("python, numpy")
    import graphc
    clock.stop("import")
    x, labels = graphc.placeholder((None, SIZES[0])), graphc.placeholder((None,), "int32")
    weights, hidden = [], x
    for a, b in pairwise(SIZES):
        w, bias = graphc.Variable(initial(a, b)), graphc.Variable(np.zeros(b, np.float32))
        weights += [w, bias]
        hidden = (graphc.relu(hidden) if hidden is not x else x) @ w + bias
    loss = graphc.mean(graphc.sparse_categorical_crossentropy(labels, hidden, from_logits=True))
    updates = {}
    for w, g in zip(weights, graphc.grad(loss, weights), strict=True):
        if update == "sgd":
            updates[w] = w - 0.1 * g
        else:
            square = graphc.Variable(np.zeros(w.shape, np.float32))
            updates[square] = 0.9 * square + 0.1 * g * g
            updates[w] = w - 0.001 * g / (graphc.sqrt(updates[square]) + 1e-7)
    clock.stop("build")
    step = graphc.compile([x, labels], loss, updates=updates)
    clock.stop("compile")
    return float(step(*batch()))


def jax(update: str, clock: Clock) -> float:
    import numpy as np
    clock.stop("python, numpy")
    import jax
    import jax.numpy as jnp
    clock.stop("import")

    def cost(weights, x, labels):
        for w, bias in weights[:-1]:
            x = jax.nn.relu(x @ w + bias)
        logits = x @ weights[-1][0] + weights[-1][1]
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1).mean()

    def step(weights, squares, x, labels):
        loss, gradients = jax.value_and_grad(cost)(weights, x, labels)
        if update == "sgd":
            return loss, jax.tree.map(lambda w, g: w - 0.1 * g, weights, gradients), squares
        squares = jax.tree.map(lambda s, g: 0.9 * s + 0.1 * g * g, squares, gradients)
        weights = jax.tree.map(lambda w, g, s: w - 0.001 * g / (jnp.sqrt(s) + 1e-7), weights, gradients, squares)
        return loss, weights, squares

    weights = [(initial(a, b), np.zeros(b, np.float32)) for a, b in pairwise(SIZES)]
    squares = jax.tree.map(np.zeros_like, weights)
    clock.stop("build")
    step = jax.jit(step).lower(weights, squares, *batch()).compile()
    clock.stop("compile")
    return float(step(weights, squares, *batch())[0])


def initial(rows: int, columns: int):
    np = importlib.import_module("numpy")
    return np.random.default_rng(0).normal(0, rows ** -0.5, (rows, columns)).astype(np.float32)


def batch():
    np = importlib.import_module("numpy")
    random = np.random.default_rng(1)
    return random.random((BATCH, SIZES[0]), np.float32), random.integers(0, SIZES[-1], BATCH, np.int32)


def measured(library: str, update: str) -> None:
    """One line of JSON: the loss, when the step was done, the CPU time of each phase."""
    clock = Clock()
    loss = {"graphc": graphc, "jax": jax}[library](update, clock)
    clock.stop("first step")
    print(json.dumps({"loss": loss, "done": time.time(), "phases": clock.phases}))


# ---- in the measuring process ---------------------------------------------------------------------------------------
def run(library: str, update: str, cache: str) -> dict:
    """A fresh process's step: its wall and CPU seconds."""
    environment = os.environ | JAX_KEEPS_ALL | {CACHES[library]: cache, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # as after an installation, which compiles all modules
    start = time.time()
    done = subprocess.run([sys.executable, __file__, "--measure", library, update], env=environment, cwd=ROOT,
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    result = json.loads(done.stdout.splitlines()[-1])
    return result | {"wall": result["done"] - start, "cpu": sum(result["phases"].values())}


def report(library: str, update: str, runs: int, phases: bool) -> None:
    cold, warm = [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(run(library, update, cache))
            warm.append(run(library, update, cache))
    for name, results in (("empty cache", cold), ("second process", warm)):
        wall, cpu = (statistics.median(r[k] for r in results) for k in ("wall", "cpu"))
        print(f"{library:<8}{update:<9}{name:<16}{wall:6.2f} s wall{cpu:6.2f} s CPU   loss {results[0]['loss']:.4f}")
        if phases:
            medians = {p: statistics.median(r["phases"][p] for r in results) for p in results[0]["phases"]}
            print("    " + ", ".join(f"{phase} {seconds:.3f}" for phase, seconds in medians.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peers", action="store_true", help="time JAX too, if it is installed")
    parser.add_argument("--phases", action="store_true", help="CPU seconds of each phase")
    parser.add_argument("--measure", nargs=2, metavar=("LIBRARY", "UPDATE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        return measured(*options.measure)
    peers = ["jax"] if options.peers and importlib.util.find_spec("jax") else []
    for library in ["graphc", *peers]:
        for update in ("sgd", "rmsprop"):
            report(library, update, options.runs, options.phases)


if __name__ == "__main__":
    main()
