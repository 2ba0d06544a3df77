"""What all tests share: reproducible hypothesis, and a head line that says which oracles are installed."""
from importlib.util import find_spec
from os import environ

from hypothesis import settings

environ.setdefault("KERAS_BACKEND", "torch")  # the extra "oracle" brings no other
ORACLES = ("torch", "keras", "tensorboard", "scipy", "autograd")

settings.register_profile("graphc", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("graphc")


def pytest_report_header() -> str:
    """Which independent references these tests can use; those that need a missing one are skipped."""
    return "oracles: " + ", ".join(f"{name} {'yes' if find_spec(name) else 'MISSING'}" for name in ORACLES)
