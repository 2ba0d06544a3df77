"""Device names, and what the machine is said to have."""
import os
import subprocess
import sys

import pytest

from graphc.ir.errors import ArgumentError
from graphc.runtime.device import Device, available_cores, device


def test_the_cpu_knows_itself():
    cpu = device("cpu")
    assert cpu.kind == "cpu" and cpu.cores == available_cores() >= 1
    assert device(cpu) is cpu is device()


def test_cache_sizes_grow_with_the_level():
    cpu = device("cpu")
    sizes = [cpu.cache(level) for level in ("L1", "L2", "L3") if cpu.cache(level)]
    assert sizes == sorted(sizes)
    assert Device("cpu", 1, "", "x", "", ()).cache("L1") is None


@pytest.mark.parametrize("name, hint", [("cup", "did you mean 'cpu'"),
                                        ("CPU", "did you mean 'cpu'"), ("tpu:0", "expected 'cpu'"),
                                        (None, "got None"), (3, "got 3")])
def test_an_unknown_device_names_the_nearest(name, hint):
    with pytest.raises(ArgumentError, match=hint):
        device(name)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no affinity here")
def test_cores_are_those_that_the_process_may_use():
    script = ("import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
              "from graphc.runtime.device import device; print(device().cores)")
    assert subprocess.check_output([sys.executable, "-c", script]) == b"1\n"


def test_the_environment_may_name_another_cpu(monkeypatch):
    monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
    monkeypatch.setenv("NUMBA_CPU_FEATURES", "")
    assert (device().cpu, device().features) == ("generic", "")
