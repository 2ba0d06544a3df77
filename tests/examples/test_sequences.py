"""Examples in which one thing comes after another: they run on small settings, and have learned what they show."""
import re

import numpy as np
import pytest

SOUNDS = {"dog": "barks", "cat": "meows", "duck": "quacks"}


@pytest.fixture
def sentences(tmp_path):
    """A file of 2,000 sentences, such as "the cat never meows.": what an animal says depends on a word two words back."""
    rng = np.random.default_rng(0)
    file = tmp_path / "sentences.txt"
    file.write_text("".join(f"the {animal} {rng.choice(['often', 'never'])} {SOUNDS[animal]}.\n"
                            for animal in rng.choice(list(SOUNDS), 2000)), encoding="utf-8")
    return file


@pytest.mark.parametrize("seed", range(3))
def test_the_pole_stands_ever_longer(run, is_drawn, seed):
    said = run("cart_pole.py", "--rounds", "45", "--seed", seed)
    first, last = map(float, re.search(r"mean return: (\S+) in the first round, (\S+) in the last ten", said).groups())
    assert first < 50 and last > 400
    assert is_drawn("cart_pole.png")


def test_the_text_written_is_like_the_text_read(run, is_drawn, sentences):
    said = run("text_generation.py", "--text", sentences, "--epochs", "10", "--units", "64", "--temperatures", "1", "0.3")
    held_out, chance = map(float, re.search(r"held out: (\S+) nats .* it is (\S+)", said).groups())
    assert held_out < chance / 5
    written = said.split("---- temperature 0.3\n")[1].split("plot:")[0].splitlines()[:-1]
    found = [re.fullmatch(r"the (\w+) (?:often|never) (\w+)\.", sentence) for sentence in written]
    assert len(found) > 15 and all(match and SOUNDS.get(match[1]) == match[2] for match in found)
    assert is_drawn("text.png")
