"""From sources to addresses: compiled once, kept on disk, loaded without Numba; any trouble costs a recompilation."""
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from llvmlite import binding as llvm

from graphc.ir.errors import CacheWarning, GraphcError
from graphc.lower.source import KernelSource
from graphc.runtime import objects
from graphc.runtime.device import device, target_machine

from .kernels import Block, call, scale, scaled
from .parts import TEXT, cubes

HERE = Path(__file__).parent
PREAMBLE = f"""
import sys, numpy as np
sys.path.insert(0, {str(HERE.parent.parent)!r})
from graphc.runtime import objects
from tests.runtime.kernels import scale, scaled
"""


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("GRAPHC_CACHE", str(tmp_path))
    return tmp_path


def command(script):
    return [sys.executable, "-c", PREAMBLE + script]


def python(script):
    return subprocess.run(command(script), capture_output=True, text=True, timeout=300)




def test_kernels_compute(folder):
    two, three = objects.load([scale(2), scale(3)])
    np.testing.assert_array_equal(scaled(two), 2 * np.arange(100.0))
    np.testing.assert_array_equal(scaled(three), 3 * np.arange(100.0))
    assert objects.load([scale(3), scale(2), scale(3)]) == [three, two, three]
    assert objects.load([]) == []


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_pauses_while_numba_runs_and_is_left_as_it_was(folder, monkeypatch, enabled):
    compiler, seen = objects._compiler(), []

    def lowered(*args, lowered=compiler.lowered):
        seen.append(gc.isenabled())
        return lowered(*args)

    monkeypatch.setattr(compiler, "lowered", lowered)
    (gc.enable if enabled else gc.disable)()
    try:
        objects.load([scale(41 + enabled)])
        assert (seen, gc.isenabled()) == ([False], enabled)
        with pytest.raises(Exception, match="undefined_name"):
            objects.load([KernelSource("f", "def f(args, tid, threads):\n    undefined_name\n")])
        assert (seen, gc.isenabled()) == ([False, False], enabled)
    finally:
        gc.enable()


def test_parts_of_threads_make_the_whole(folder):
    address, = objects.load([scale(2)])
    x, y = np.arange(101.0), np.zeros(101)
    for tid in range(4):
        call(address, Block(x, y, 101), tid, 4)
    np.testing.assert_array_equal(y, 2 * x)


@pytest.mark.parametrize("cpu", ["", "sapphirerapids"])
def test_loops_use_the_widest_vectors(folder, cpu):
    host = device("cpu")
    features = host.features
    width = next((w for f, w in (("+avx512f", "zmm"), ("+avx2", "ymm")) if f in features.split(",")), None)
    if width is None:
        pytest.skip("no AVX here")
    compiler, source = objects._compiler(), scale(2)
    target = target_machine(replace(host, cpu=cpu or host.cpu))
    library = compiler._library(source.text, source.name)
    module = compiler._optimized(library.link(), {library.entry: "scale"}, target)
    assert width in target.emit_assembly(module)


def test_a_second_process_loads_without_numba(folder):
    script = """
addresses = objects.load([scale(k) for k in range(5)])
assert all((scaled(a) == k * np.arange(100.)).all() for k, a in enumerate(addresses))
print("numba" in sys.modules, objects.default_cache().hits)
"""
    assert python(script).stdout == "True 0\n"
    assert python(script).stdout == "False 5\n"


CUBES = """
from tests.runtime.kernels import scaled
from graphc.lower.source import KernelSource
text = '''{text}'''
sources = [KernelSource("cubes", text.format(name="cubes", factor=k)) for k in (1.0, 2.0)]
addresses = objects.load(sources[:1])
addresses += objects.load(sources)[1:]
assert all((scaled(a) == k * np.arange(100.)**3).all() for k, a in enumerate(addresses, 1))
print("numba" in sys.modules, objects.default_cache().hits, objects.default_cache().misses)
"""


def test_a_part_is_made_once_for_all_kernels_and_processes(folder):
    script = CUBES.format(text=TEXT)
    assert python(script).stdout == "True 0 3\n"
    assert len(list(folder.rglob("*.o"))) == 3
    assert python(script).stdout == "False 3 0\n"


def test_a_part_that_is_gone_is_made_anew(folder):
    script = CUBES.format(text=TEXT)
    python(script)
    part, = (path for path in folder.rglob("*.o") if b"graphc_part_" not in path.read_bytes().split(b"\x7fELF")[0])
    part.unlink()
    assert python(script).stdout == "True 2 2\n"
    assert python(script).stdout == "False 3 0\n"


def test_parts_need_no_cache(monkeypatch):
    monkeypatch.setenv("GRAPHC_CACHE", "off")
    addresses = objects.load([cubes(5), cubes(6)])
    assert [scaled(a)[2] for a in addresses] == [40, 48]


def test_a_damaged_object_costs_a_warning_and_a_compilation(folder):
    python("objects.load([scale(5)])")
    entry, = folder.rglob("*.o")
    entry.write_bytes(entry.read_bytes()[:-100])
    result = python("print((scaled(*objects.load([scale(5)])) == 5 * np.arange(100.)).all(), 'numba' in sys.modules)")
    assert result.stdout == "True True\n"
    assert result.stderr.count("CacheWarning") == 1
    result = python("print((scaled(*objects.load([scale(5)])) == 5 * np.arange(100.)).all(), 'numba' in sys.modules)")
    assert (result.stdout, result.stderr) == ("True False\n", "")


def test_without_a_cache_code_lives_in_memory(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GRAPHC_CACHE", str(tmp_path / "file" / "below"))
    with pytest.warns(CacheWarning, match="memory only") as caught:
        addresses = objects.load([scale(71), scale(72)])
        assert objects.load([scale(71), scale(72)]) == addresses
    assert len(caught) == 1
    np.testing.assert_array_equal(scaled(addresses[1]), 72 * np.arange(100.0))


def test_ten_processes_compile_one_program(folder):
    script = """
addresses = objects.load([scale(k) for k in range(3)])
assert all((scaled(a) == k * np.arange(100.)).all() for k, a in enumerate(addresses))
"""
    processes = [subprocess.Popen(command(script), stderr=subprocess.PIPE) for _ in range(10)]
    assert [process.communicate(timeout=300)[1] for process in processes] == [b""] * 10
    assert len(list(folder.rglob("*.o"))) == 3
    assert not list(folder.rglob("*.tmp"))


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_leaves_a_usable_cache(folder):
    script = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
print("ready", flush=True)
objects.load([scale(k) for k in range(1000)])
"""
    process = subprocess.Popen(command(script), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    while not len(list(folder.rglob("*.o"))) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert b"KeyboardInterrupt" in process.communicate(timeout=300)[1]
    assert not list(folder.rglob("*.tmp"))
    done = len(list(folder.rglob("*.o")))
    assert 0 < done < 1000
    script = f"""
addresses = objects.load([scale(k) for k in range({done + 1})])
assert all((scaled(a) == k * np.arange(100.)).all() for k, a in enumerate(addresses))
print(objects.default_cache().hits)
"""
    result = python(script)
    assert (int(result.stdout), result.stderr) == (done, "")


def test_an_interrupt_in_this_process_is_survived(folder, monkeypatch):
    compiler, seen = objects._compiler(), []

    def interrupted(text, name, *others, lowered=compiler.lowered):
        seen.append(name)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return lowered(text, name, *others)

    sources = [scale(700 + k, f"interrupted_{k}") for k in range(3)]
    monkeypatch.setattr(compiler, "lowered", interrupted)
    with pytest.raises(KeyboardInterrupt):
        objects.load(sources)
    addresses = objects.load(sources)
    assert seen == ["interrupted_0", "interrupted_1", "interrupted_1", "interrupted_2"]
    np.testing.assert_array_equal(scaled(addresses[2]), 702 * np.arange(100.0))


def test_threads_may_load_at_once(folder):
    found = {}

    def work(number):
        found[number] = objects.load([scale(50 + k) for k in range(3)])

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({tuple(addresses) for addresses in found.values()}) == 1 and len(found) == 4
    assert len(list(folder.rglob("*.o"))) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_loads_and_compiles(folder):
    script = """
import os
objects.load([scale(1)])
child = os.fork()
if child == 0:
    addresses = objects.load([scale(1), scale(2)])
    os._exit(int(not (scaled(addresses[1]) == 2 * np.arange(100.)).all()))
print(os.waitpid(child, 0)[1])
"""
    assert python(script).stdout == "0\n"


def key(source):
    return objects._kernel(source).key


def test_the_key_covers_all_that_the_code_depends_on(monkeypatch):
    first = key(scale(1))
    assert key(scale(1)) == first
    assert key(scale(2)) != first
    assert key(scale(1, "other")) == first, "names do not matter"
    with monkeypatch.context() as patch:
        patch.setenv("NUMBA_CPU_NAME", "generic")
        assert key(scale(1)) != first
    with monkeypatch.context() as patch:
        patch.setenv("NUMBA_CPU_FEATURES", "+sse2")
        assert key(scale(1)) != first


@pytest.mark.parametrize("change", ["file", "version", "name"])
def test_the_key_covers_the_kernels_package_and_the_compilers(monkeypatch, tmp_path, change):
    (tmp_path / "math.py").write_text("one")
    monkeypatch.setattr(objects, "_KERNELS", tmp_path)
    first = objects._toolchain.__wrapped__()
    if change == "file":
        (tmp_path / "math.py").write_text("two")
    elif change == "name":
        (tmp_path / "math.py").rename(tmp_path / "maths.py")
    else:
        monkeypatch.setattr(objects.metadata, "version", lambda _: "0.0")
    assert objects._toolchain.__wrapped__() != first


def test_code_for_another_cpu_name_runs(folder, monkeypatch):
    monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
    monkeypatch.setenv("NUMBA_CPU_FEATURES", "")
    np.testing.assert_array_equal(scaled(*objects.load([scale(9)])), 9 * np.arange(100.0))


MISSING = """
declare void @graphc_no_such_function()
declare double @exp(double)
define i32 @f() {
  call void @graphc_no_such_function()
  %x = call double @exp(double 1.0)
  ret i32 0
}
"""


def test_undefined_symbols():
    content = target_machine(device("cpu")).emit_object(llvm.parse_assembly(MISSING))
    if content[:4] != b"\x7fELF":
        pytest.skip("another object format")
    assert set(objects.undefined_symbols(content)) >= {"graphc_no_such_function"}
    assert objects.undefined_symbols(b"MZ no ELF") == []


@pytest.mark.skipif(sys.platform != "linux", reason="object files of Linux")
def test_a_missing_symbol_is_an_error_and_no_jump_to_nowhere(folder):
    with pytest.raises(GraphcError, match="graphc_no_such_function"):
        objects.load_ir(MISSING, ["f"])


def test_ir_is_loaded_and_kept(folder):
    text = "define i64 @graphc_test_a() { ret i64 1 }  define i64 @graphc_test_b() { ret i64 2 }"
    a, b = objects.load_ir(text, ["graphc_test_a", "graphc_test_b"])
    assert a and b and a != b
    assert len(list(folder.rglob("*.o"))) == 1


def test_a_defect_in_a_kernel_shows_its_line(folder):
    source = KernelSource("broken", "def broken(args, tid, threads):\n    return no_such_name + args\n")
    with pytest.raises(Exception, match="no_such_name") as caught:
        objects.load([source])
    assert "def broken(args" in "".join(traceback.format_exception(caught.value))
    np.testing.assert_array_equal(scaled(*objects.load([scale(8)])), 8 * np.arange(100.0))


def test_nothing_warns(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        objects.load([scale(404)])
