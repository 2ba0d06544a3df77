"""A network learns to balance a pole on a cart by trying: REINFORCE with a baseline (R. J. Williams, 1992).

    python -m pip install ".[plot]"
    python examples/cart_pole.py [--rounds 80] [--episodes 16] [--plot cart_pole.png]

In each step the network sees the cart and pushes it left or right; an episode ends after 500 steps, or when the pole or the
cart is out of bounds. Equations and constants: A. G. Barto, R. S. Sutton, C. W. Anderson, "Neuronlike adaptive elements that
can solve difficult learning control problems", 1983."""
import argparse

import numpy as np
from matplotlib import pyplot

import graphc.nn as keras
from graphc.nn import layers

GRAVITY, FORCE, STEP = 9.8, 10.0, 0.02  # m/s2, N, s
CART, POLE, HALF = 1.0, 0.1, 0.5  # masses in kg; half of the pole's length in m
CART_FRICTION, POLE_FRICTION = 0.0005, 0.000002  # on the track, N; at the joint, N m s
TRACK, TILT = 2.4, np.radians(12)  # how far the cart and the pole may go to either side
LONGEST = 500  # steps of an episode
DISCOUNT = 0.99  # what a step is worth if it comes one step later


def move(states, force):
    """The states one step later: rows of place, speed, angle and angular speed, shape (n, 4); a force each, shape (n,)."""
    _, speed, angle, spin = states.T
    sin, cos = np.sin(angle), np.cos(angle)
    pushed = (force + POLE * HALF * spin**2 * sin - CART_FRICTION * np.sign(speed)) / (CART + POLE)
    twist = GRAVITY * sin - cos * pushed - POLE_FRICTION * spin / (POLE * HALF)
    twist /= HALF * (4 / 3 - POLE * cos**2 / (CART + POLE))
    return states + STEP * np.stack([speed, pushed - POLE * HALF * twist * cos / (CART + POLE), spin, twist], axis=1)


def play(policy, episodes, rng):
    """Some episodes side by side: states (steps, episodes, 4), actions, and which poles were still up (steps, episodes)."""
    now, standing, steps = rng.uniform(-0.05, 0.05, (episodes, 4)), np.ones(episodes, bool), []
    while standing.any() and len(steps) < LONGEST:
        right = policy.predict_on_batch(now.astype("float32"))[:, 1] > rng.random(episodes)
        steps.append((now, right.astype("int64"), standing))
        now = move(now, np.where(right, FORCE, -FORCE))
        standing = standing & (abs(now[:, 0]) < TRACK) & (abs(now[:, 2]) < TILT)
    return [np.array(part) for part in zip(*steps, strict=True)]


def advantages(standing):
    """The reward from each step on, 1 for each in which the pole stands, less the baseline: the mean of those that stand."""
    later, rewards = np.zeros(standing.shape[1]), []
    for up in reversed(standing):
        later = up * (1 + DISCOUNT * later)
        rewards.append(later - later.sum() / up.sum())
    return np.array(rewards[::-1])


def train(rounds, episodes, seed):
    """The return of each episode, shape (rounds, episodes), and the pole's angles in the first and in the last round."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    policy = keras.Sequential([
        keras.Input((4,)),
        layers.Dense(64, activation="tanh"),
        layers.Dense(2, activation="softmax"),
    ])
    policy.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    returns, angles = [], []
    for k in range(rounds):
        states, actions, standing = play(policy, episodes, rng)
        # descends -log p(action) times the advantage: what went better than the baseline becomes more likely
        policy.train_on_batch(states[standing].astype("float32"), actions[standing],
                              sample_weight=advantages(standing)[standing].astype("float32"))
        returns.append(standing.sum(axis=0))
        angles.append(np.where(standing, np.degrees(states[..., 2]), np.nan))
        if k == 0 or (k + 1) % 10 == 0:
            print(f"round {k + 1:>3}   mean return {returns[-1].mean():5.1f} of {LONGEST}")
    return np.array(returns), angles[0], angles[-1]


def plot(returns, first, last, file):
    """The return of every episode, and the angle of the poles before and after."""
    figure, (curve, angle) = pyplot.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    episode = np.arange(returns.size)
    curve.plot(episode, returns.ravel(), ".", color="#7fa8d1", markersize=3, label="an episode")
    curve.plot(episode.reshape(returns.shape).mean(axis=1), returns.mean(axis=1), color="#d9542b", label="mean of a round")
    curve.set(title="steps until the pole falls", xlabel="episode", ylim=(0, LONGEST * 1.03))
    curve.legend(loc="lower right")
    for angles, color, label in ((last, "#7fa8d1", "last round"), (first, "#d9542b", "first round")):
        lines = angle.plot(STEP * np.arange(len(angles)), angles, color=color, linewidth=0.8)
        lines[0].set_label(label)
    for side in (-1, 1):
        angle.axhline(side * np.degrees(TILT), color="black", linestyle=":", linewidth=1)
    angle.set(title="angle of the poles, degrees", xlabel="seconds", ylim=(-18, 18))
    angle.legend(loc="upper right", ncols=2)
    figure.savefig(file, dpi=120)
    print("plot:", file)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=80, help="how often the network changes")
    parser.add_argument("--episodes", type=int, default=16, help="played side by side in a round")
    parser.add_argument("--seed", type=int, default=0, help="of weights, places and pushes")
    parser.add_argument("--plot", metavar="FILE", default="cart_pole.png", help="where the picture goes")
    options = parser.parse_args()

    returns, first, last = train(options.rounds, options.episodes, options.seed)
    print(f"mean return: {returns[0].mean():.1f} in the first round, {returns[-10:].mean():.1f} in the last ten")
    plot(returns, first, last, options.plot)
