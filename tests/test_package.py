"""What is built from the tree: the kernels are real files of `graphc.kernels`, and the data set travels."""
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
KERNELS = {f"graphc/kernels/{p.relative_to(ROOT / 'kernels').as_posix()}" for p in (ROOT / "kernels").rglob("*.py")}
SOURCES = {p.relative_to(ROOT).as_posix() for p in (ROOT / "graphc").rglob("*.py")}
DATA = {"graphc/datasets/digits.npz", "graphc/datasets/digits.md"}

pytest.importorskip("setuptools", minversion="77", reason="setuptools is not installed: packages cannot be built")


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A copy of the tree, so that the build leaves nothing behind, and in its `dist` a wheel and an sdist of it."""
    tree = tmp_path_factory.mktemp("built") / "graphc"
    litter = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist")
    shutil.copytree(ROOT, tree, symlinks=True, ignore=litter)
    _setup(tree, "sdist", "bdist_wheel")
    return tree


def _setup(tree: Path, *commands: str) -> None:
    command = [sys.executable, "setup.py", "-q", *commands]
    subprocess.run(command, cwd=tree, check=True, capture_output=True, timeout=300)


def _wheel_names(tree: Path) -> set[str]:
    wheel, = (tree / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert not any(info.external_attr >> 28 == 0o12 for info in archive.infolist()), "a link in the wheel"
        return set(archive.namelist())


def test_the_link_is_relative_and_leads_to_the_kernels():
    link = ROOT / "graphc" / "kernels"
    if not link.is_symlink():
        pytest.skip("not a checkout: graphc/kernels is a folder here")
    assert link.readlink() == Path("../kernels")
    assert KERNELS


def test_wheel_carries_every_module_and_the_data(built):
    names = _wheel_names(built)
    assert KERNELS | SOURCES | DATA <= names
    assert not {n for n in names if not n.startswith(("graphc/", "graphc-"))}, "a stranger among the top-level names"


def test_wheel_carries_the_licence(built):
    assert any(n.endswith("LICENSE") for n in _wheel_names(built))


def test_sdist_carries_real_files(built):
    archive, = (built / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        members = tar.getmembers()
    files = {m.name.split("/", 1)[1] for m in members if m.isfile() or m.islnk()}
    assert not [m.name for m in members if m.issym()]
    assert KERNELS | SOURCES | DATA | {"README.md", "LICENSE", "setup.py", "pyproject.toml"} <= files


def test_a_wheel_made_from_the_sdist_is_whole(built, tmp_path):
    archive, = (built / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    tree, = tmp_path.iterdir()
    _setup(tree, "bdist_wheel")
    assert _wheel_names(tree) == _wheel_names(built)
