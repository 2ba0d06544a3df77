"""Each example runs from its own file, without a screen, on small settings, and arrives where it says."""
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = {path.name for path in (ROOT / "examples").glob("*.py")}


def percentage(said) -> float:
    """The last one of an example's output."""
    return float(re.findall(r"([\d.]+)%", said)[-1])


def test_expression(run, tmp_path):
    said = run("expression.py", "--elements", "1000", "--draw", "graph.svg")
    assert "dz/dx = y\ndz/dy = x + 5\n" in said and "f(2, 3) = 26.0 3.0 7.0" in said
    assert "def " in said and "multiply" in said
    assert len(re.findall(r"graphc +[\d.,]+ us +NumPy +[\d.,]+ us", said)) == 2
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8").startswith("<svg")


def test_gradient_descent(run, is_drawn):
    said = run("gradient_descent.py", "--steps", "5000")
    a, b = map(float, re.search(r"at last +theta = \((\S+), (\S+)\)", said).groups())
    cost = (1 - a) ** 2 + 100 * (b - a * a) ** 2
    assert cost < 0.02
    assert float(re.search(r"J = (\S+)", said)[1]) == pytest.approx(24.2)
    assert is_drawn("descent.png")


def test_mlp_by_hand_reads_held_out_digits(run):
    said = run("mlp_by_hand.py", "--epochs", "10")
    assert percentage(said) > 96


def test_mnist_mlp_reads_held_out_digits(run, is_drawn, mnist_folder):
    said = run("mnist_mlp.py", "--epochs", "5", "--data-dir", mnist_folder)
    assert percentage(said) > 90 and "of 360 test images" in said
    assert is_drawn("mnist_mlp.png")


def test_mnist_cnn_reads_held_out_digits(run, is_drawn, mnist_folder):
    said = run("mnist_cnn.py", "--epochs", "2", "--samples", "1000", "--data-dir", mnist_folder, "--plot", "curves.png")
    assert percentage(said) > 75 and "of 360 test images" in said
    assert is_drawn("curves.png")


def test_mnist_lstm_reads_held_out_digits(run, is_drawn, mnist_folder):
    said = run("mnist_lstm.py", "--epochs", "5", "--data-dir", mnist_folder)
    assert percentage(said) > 75 and "of 360 test images" in said
    assert is_drawn("mnist_lstm.png")


def test_dropout_keeps_the_loss_on_new_images_low(run, is_drawn):
    said = run("overfitting.py")
    found = re.findall(r"falls to (\S+) and ends at (\S+),", said)
    (least, last), (_, with_dropout) = (map(float, losses) for losses in found)
    assert last > 1.2 * least and last > 1.15 * with_dropout
    assert is_drawn("overfitting.png")


def test_regularization_keeps_the_loss_on_new_images_low(run, is_drawn):
    said = run("regularization.py")
    found = re.findall(r"after (\d+) epochs the cross-entropy on new images is (\S+), and", said)
    alone, l2, stopped = (float(loss) for _, loss in found)
    assert [int(epochs) < 40 for epochs, _ in found] == [False, False, True]
    assert alone > 1.2 * l2 and alone > 1.2 * stopped
    assert is_drawn("regularization.png")


def test_every_example_is_tested():
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert EXAMPLES and not {name for name in EXAMPLES if f'run("{name}"' not in tests}
