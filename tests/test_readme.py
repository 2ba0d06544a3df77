"""The README and docs are true: programs run and print what their comments say, links lead somewhere."""
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import graphc

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted((ROOT / "docs").glob("*.md"))
PROGRAMS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
SUBCOMMANDS = {path.stem for path in (ROOT / "graphc" / "commands").glob("*.py")}
COMMANDS = re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("program", PROGRAMS, ids=["expression", "layers", "network", "op"])
def test_programs_print_what_their_comments_say(program, tmp_path):
    expected = re.findall(r"^print\(.*\)\s+# (.*)$", program, re.MULTILINE)
    assert _printed(program, tmp_path) == expected and expected


def _printed(program: str, folder: Path) -> list[str]:
    done = subprocess.run([sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{program}"],
                          cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_programs_of_docs_run_and_their_links_lead_to_files(page, tmp_path):
    text = page.read_text(encoding="utf-8")
    for program in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        _printed(program, tmp_path)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", prose) if "://" not in link]
    assert not [link for link in links if not (page.parent / link).is_file()]


def test_commands_are_those_that_are_tested():
    assert len(COMMANDS) == 2
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"'{command.strip()}'" in script


def test_commands_name_files_and_extras_that_exist():
    words = shlex.split(" ".join(COMMANDS))
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    assert words[words.index("graphc") + 1] in SUBCOMMANDS and '"graphc = graphc.__main__:main"' in setup
    named = re.findall(r"`python ([\w/]+\.py)`", README)
    assert named and all((ROOT / path).is_file() for path in named)
    extras = {extra for group in re.findall(r"\.\[([\w,]+)\]", README) for extra in group.split(",")}
    assert extras and all(f'"{extra}": [' in setup for extra in extras)


def test_links_lead_to_files():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert len(links) >= 5
    assert not [link for link in links if not (ROOT / link).is_file()]


def test_the_names_it_uses_exist():
    names = set(re.findall(r"\bgraphc\.([a-z_]+)\(", README))
    assert len(names) > 8
    assert not [name for name in names if not hasattr(graphc, name)]


@pytest.mark.parametrize("name", ["expression.svg", "compiled.svg"])
def test_pictures_are_what_draw_makes_today(name, tmp_path):
    x, y = graphc.placeholder((), name="x"), graphc.placeholder((), name="y")
    z = x * y + 5 * y + 5
    outputs = [z, *graphc.grad(z, [x, y])]
    graphc.draw(graphc.compile([x, y], outputs) if name == "compiled.svg" else outputs, tmp_path / name)
    assert _without_tooltips(tmp_path / name) == _without_tooltips(ROOT / "docs" / name)


def _without_tooltips(path: Path) -> str:
    """Tooltips name the line that made a node, which is not the same here."""
    return re.sub(r"<title>.*?</title>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
