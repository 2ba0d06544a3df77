"""What `fit` costs beside the step that it runs: an epoch of fit, and as many bare calls of its compiled step.

    python bench/fit.py [NETWORK ...] [--steps 500] [--rounds 9] [--threads N]

Networks are those of `graphc train`, on random images of 28 x 28 pixels in batches of 32, with RMSprop and accuracy. The
bare step is the same compiled function, called on one batch that lies ready. `fit` shuffles, gathers its batches, runs
callbacks and, in the second column, shows its progress bar, written to nowhere. Rounds alternate; the overhead is the
median over rounds of fit's time over the bare step's in the same round, less one."""
from __future__ import annotations

import argparse
import io
import statistics
import time
from contextlib import redirect_stdout

import numpy as np

from graphc.commands.networks import NETWORKS

BATCH = 32


def seconds(call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compiled(network: str, threads: int | None, x, y):
    """The model after its first step, and that step, to be called on a batch's arrays."""
    model = NETWORKS[network](x.shape[1:], 10)
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"], threads=threads)
    model.fit(x[:BATCH], y[:BATCH], verbose=0)
    step, batch = model._step("train_step"), (x[:BATCH], y[:BATCH])
    step.prepare(batch)
    return model, step._find(batch)[0].run


def measured(network: str, steps: int, rounds: int, threads: int | None) -> tuple[float, float, float]:
    """Seconds of a bare step, and the overheads of fit without and with its progress bar."""
    random = np.random.default_rng(0)
    x, y = random.random((steps * BATCH, 28, 28, 1), np.float32), random.integers(0, 10, steps * BATCH)
    model, step = compiled(network, threads, x, y)
    first = x[:BATCH].copy(), y[:BATCH].copy()

    def bare() -> None:
        for _ in range(steps):
            step(*first)

    def shown() -> None:
        with redirect_stdout(io.StringIO()):
            model.fit(x, y, verbose=1)

    contestants = (bare, lambda: model.fit(x, y, verbose=0), shown)
    times = [[seconds(call) for call in contestants] for _ in range(rounds + 1)][1:]
    silent, bar = (statistics.median(row[k] / row[0] - 1 for row in times) for k in (1, 2))
    return statistics.median(row[0] for row in times) / steps, silent, bar


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=["linear", "mlp", "lenet", "cnn", "lstm"], metavar="NETWORK")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    print(f"{'':<14}{'bare step':>12}{'fit':>12}{'fit, shown':>12}")
    for network in options.networks:
        bare, silent, bar = measured(network, options.steps, options.rounds, options.threads)
        print(f"{network:<14}{bare * 1e6:>9.1f} us{100 * silent:>+10.1f} %{100 * bar:>+10.1f} %", flush=True)


if __name__ == "__main__":
    main()
