"""Transfer: a frozen base stays as it is, and is of use where the images are few."""
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

FILE = Path(__file__).resolve().parents[2] / "examples" / "transfer.py"


def test_a_base_that_has_seen_other_digits_beats_one_that_has_seen_none(run, is_drawn, scattered_folder):
    said = run("transfer.py", "--data-dir", scattered_folder, "--known-epochs", "4", "--epochs", "15",
               "--per-class", "3", "10")
    shares = [[float(share) for share in re.findall(r"([\d.]+)%", line)] for line in said.splitlines() if "5 to 9" in line]
    assert len(shares) == 2
    assert all(frozen > scratch + 10 and tuned > scratch + 10 for frozen, tuned, scratch in shares)
    assert shares[1][0] > shares[0][0] and shares[1][0] > 40
    assert is_drawn("transfer.png")


def test_a_frozen_base_stays_as_it_is_and_a_fine_tuned_one_does_not(scattered_folder):
    pytest.importorskip("matplotlib")
    example = runpy.run_path(str(FILE))
    (_, new), _ = example["load"](scattered_folder)
    base = example["convolutions"](new[0].shape[1:])
    model = example["with_head"](base)
    images = example["few"](*new, 3, np.random.default_rng(0))
    base.trainable = False
    before, head = base.get_weights(), model.layers[-1].get_weights()
    example["learn"](model, images, 2)
    assert len(before) == 10 and all(map(np.array_equal, base.get_weights(), before))
    assert not any(map(np.array_equal, model.layers[-1].get_weights(), head))
    base.trainable = True
    example["learn"](model, images, 2)
    assert not any(map(np.array_equal, base.get_weights(), before))
