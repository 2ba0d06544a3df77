"""A bar for loops of one's own."""
from __future__ import annotations

import pytest

from graphc.nn import config
from graphc.nn.callbacks import ProgbarLogger
from graphc.nn.utils import Progbar


def test_values_are_means_over_the_steps(capsys):
    bar = Progbar(4, stateful_metrics=["lr"])
    for k in range(4):
        bar.update(k + 1, [("loss", float(k)), ("lr", k / 10)])
    shown = capsys.readouterr().out
    assert shown.startswith("4/4 ") and shown.endswith(" - loss: 1.5000 - lr: 0.3000\n") and shown.count("\n") == 1


def test_steps_may_be_added_and_nobody_know_how_many(capsys):
    bar = Progbar(None, verbose=2)
    bar.add(3, [("loss", 1.0)])
    bar.add(1, [("loss", 5.0)])
    assert capsys.readouterr().out == ""
    bar.update(4, finalize=True)
    assert capsys.readouterr().out.rstrip().endswith("- loss: 2.0000")


@pytest.mark.parametrize("interactive", [True, False])
def test_auto_is_a_bar_where_somebody_looks_on(interactive):
    try:
        (config.enable_interactive_logging if interactive else config.disable_interactive_logging)()
        logger = ProgbarLogger()
        logger.set_params({"verbose": "auto"})
        assert config.is_interactive_logging_enabled() == interactive and logger.verbose == (1 if interactive else 2)
    finally:
        config.enable_interactive_logging()
