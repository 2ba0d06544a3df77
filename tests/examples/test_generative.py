"""What learns without labels, on small settings, arrives where only learning leads."""
import re


def numbers(pattern, said) -> list[float]:
    """What the groups of the pattern hold, all finds one after the other."""
    return [float(number) for found in re.finditer(pattern, said) for number in found.groups()]


def test_an_autoencoder_keeps_more_than_principal_components(run, is_drawn, mnist_folder):
    said = run("autoencoder.py", "--code", "4", "--epochs", "40", "--data-dir", mnist_folder)
    error, linear, components = numbers(r"held-out images is (\S+), and (\S+) with .* of which (\d+) do as well", said)
    assert error < 0.8 * linear and 4 < components < 20
    assert is_drawn("autoencoder.png")


def test_a_variational_autoencoder_finds_digits_likelier_than_independent_pixels(run, is_drawn, mnist_folder):
    said = run("variational_autoencoder.py", "--epochs", "30", "--data-dir", mnist_folder)
    bound, reconstruction, divergence, independent = numbers(
        r"at most (\S+) nats: (\S+) to decode it and (\S+) for its place.* costs ([\d.]+)\. ", said)
    assert abs(reconstruction + divergence - bound) < 0.2
    assert divergence > 3 and bound < 0.85 * independent
    assert is_drawn("variational_autoencoder.png")


def test_a_gan_makes_digits_that_are_not_always_told_apart(run, is_drawn):
    said = run("gan.py", "--epochs", "60")
    first, *_, last = numbers(r"held-out digits in (\S+)% of cases", said)
    assert first == 100 and last < 93
    assert 40 < numbers(r"Other real digits .* in (\S+)% of cases", said)[0] < 60
    assert is_drawn("gan.png")


def test_a_base_that_learned_rotations_needs_fewer_labels(run, is_drawn, scattered_folder):
    said = run("rotation.py", "--samples", "4311", "--epochs", "3", "--labels", "100", "--steps", "200", "--data-dir",
               scattered_folder)
    assert numbers(r"by how much (\S+)% of 1,440 held-out images", said)[0] > 70
    learned, scratch, untrained = numbers(r"\n +100 +(\S+)% +(\S+)% +(\S+)%", said)
    assert learned > 1.05 * scratch and learned > 1.25 * untrained
    assert is_drawn("rotation.png")
