"""A network reads a text, learns which character comes next, and writes on: an LSTM (S. Hochreiter, J. Schmidhuber, 1997).

    python -m pip install ".[plot]"
    python examples/text_generation.py [--text FILE] [--epochs 12] [--plot text.png]

Without a text of yours it reads the source code of graphc's layers. Learning, it reads windows of 64 characters; writing, it
reads what it wrote, one character at a time, and keeps its state. The temperature divides the scores: the lower it is, the
fewer risks are taken (A. Graves, "Generating sequences with recurrent neural networks", 2013, has more on writing so)."""
import argparse
from pathlib import Path

import numpy as np
from matplotlib import pyplot

import graphc.nn as keras
from graphc.nn import layers

WINDOW = 64
SHOWN = 44  # characters in the picture
MARKED = {"facecolor": "#d9542b", "edgecolor": "none", "boxstyle": "round,pad=0.2"}
VISIBLE = {" ": "\N{OPEN BOX}", "\n": "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}"}


def read(file):
    """The text of a file, or of the modules that define the layers."""
    files = [Path(file)] if file else sorted(Path(layers.__file__).parent.glob("*.py"))
    return "".join(path.read_text(encoding="utf-8") for path in files)


def networks(characters, units):
    """Two networks of the same weights: one reads windows, the other a character at a time, and remembers."""
    embed, score = layers.Embedding(characters, 32), layers.Dense(characters)
    lstm = layers.LSTM(units, return_sequences=True)
    memory = layers.RNN(lstm.cell, stateful=True)
    reader = keras.Sequential([keras.Input((None,), dtype="int64"), embed, lstm, score])
    writer = keras.Sequential([keras.Input((1,), batch_size=1, dtype="int64"), embed, memory, score])
    return reader, writer


def learn(reader, codes, epochs):
    """Train on windows, each against the same characters one place on; the losses by epoch."""
    end = (len(codes) - 1) // WINDOW * WINDOW
    x, y = codes[:end].reshape(-1, WINDOW), codes[1:end + 1].reshape(-1, WINDOW)
    reader.compile(keras.optimizers.Adam(0.005), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return reader.fit(x, y, batch_size=32, epochs=epochs, validation_split=0.1, verbose=2).history


def write(writer, start, length, temperature, rng):
    """What comes after some codes: as many more, drawn one by one, and the probabilities that each was drawn from."""
    writer.layers[1].reset_state()
    written, drawn_from = [], []
    for code in start:
        scores = writer.predict_on_batch(np.array([[code]]))[0]
    for _ in range(length):
        p = np.exp((scores - scores.max()).astype("float64") / temperature)
        drawn_from.append(p / p.sum())
        written.append(rng.choice(len(p), p=drawn_from[-1]))
        scores = writer.predict_on_batch(np.array([[written[-1]]]))[0]
    return written, drawn_from


def plot(history, chance, characters, written, drawn_from, file):
    """The loss by epoch, and what the network held likely at each place of a piece it wrote."""
    figure, (curve, places) = pyplot.subplots(1, 2, figsize=(14, 3.6), width_ratios=[1, 3.2], layout="constrained")
    for name, label in (("loss", "training"), ("val_loss", "held out")):
        curve.plot(np.arange(len(history[name])) + 1, history[name], marker=".", label=label)
    curve.axhline(chance, color="black", linestyle=":", linewidth=1, label="by frequency alone")
    curve.set(title="loss, nats a character", xlabel="epoch", ylim=(0, 1.1 * chance))
    curve.legend(loc="lower left")
    shown = [VISIBLE.get(character, character) for character in characters]
    best = np.argsort(drawn_from, axis=1)[:, :-6:-1].T
    image = places.imshow(np.take_along_axis(np.transpose(drawn_from), best, 0), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, place), code in np.ndenumerate(best):
        chosen = code == written[place]
        places.text(place, row, shown[code], color="white" if chosen or drawn_from[place][code] > 0.6 else "black",
                    ha="center", va="center", family="monospace", bbox=MARKED if chosen else None)
    places.set_xticks(range(len(written)), [shown[code] for code in written], family="monospace", color="#d9542b")
    places.set(title="the five likeliest characters at each place, and the one written", yticks=[])
    figure.colorbar(image, label="probability")
    figure.savefig(file, dpi=120)
    print("plot:", file)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", metavar="FILE", help="what to read (the source code of graphc's layers)")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--units", type=int, default=128)
    parser.add_argument("--length", type=int, default=400, help="how many characters to write")
    parser.add_argument("--temperatures", type=float, nargs="+", default=[0.2, 0.5, 1.0], metavar="T", help="above 0")
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and what is drawn")
    parser.add_argument("--plot", metavar="FILE", default="text.png", help="where the picture goes")
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    alphabet, codes = np.unique(list(read(options.text)), return_inverse=True)
    print(f"{len(codes):,} characters, {len(alphabet)} different ones")
    reader, writer = networks(len(alphabet), options.units)
    history = learn(reader, codes, options.epochs)
    shares = np.bincount(codes) / len(codes)
    chance = -shares @ np.log(shares)
    print(f"loss held out: {history['val_loss'][-1]:.3f} nats a character; by frequency alone it is {chance:.3f}")
    start = codes[:20]
    for t in options.temperatures:
        written, drawn_from = write(writer, start, options.length, t, np.random.default_rng(options.seed))
        print(f"\n---- temperature {t:g}\n{''.join(alphabet[start])}{''.join(alphabet[written])}")
    plot(history, chance, alphabet, written[:SHOWN], drawn_from[:SHOWN], options.plot)
