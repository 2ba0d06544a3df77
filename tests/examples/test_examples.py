"""Each example runs from its own file, without a screen, on small settings, and arrives where it says."""
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = {path.name for path in (ROOT / "examples").glob("*.py")}


def test_expression(run, tmp_path):
    said = run("expression.py", "--elements", "1000", "--draw", "graph.svg")
    assert "dz/dx = y\ndz/dy = x + 5\n" in said and "f(2, 3) = 26.0 3.0 7.0" in said
    assert "def " in said and "multiply" in said
    assert len(re.findall(r"graphc +[\d.,]+ us +NumPy +[\d.,]+ us", said)) == 2
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8").startswith("<svg")


def test_gradient_descent(run, tmp_path):
    said = run("gradient_descent.py", "--steps", "5000")
    a, b = map(float, re.search(r"at last +theta = \((\S+), (\S+)\)", said).groups())
    cost = (1 - a) ** 2 + 100 * (b - a * a) ** 2
    assert cost < 0.02
    assert float(re.search(r"J = (\S+)", said)[1]) == pytest.approx(24.2)
    assert (tmp_path / "descent.png").exists() == (find_spec("matplotlib") is not None)


def test_mlp_by_hand_reads_held_out_digits(run):
    said = run("mlp_by_hand.py", "--epochs", "10")
    assert float(re.search(r"read correctly: ([\d.]+)%", said)[1]) > 96


def test_every_example_is_tested():
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert EXAMPLES and not {name for name in EXAMPLES if f'run("{name}"' not in tests}
