"""Results as text."""
import json

import pytest

from bench.table import FLOOR, duration, inserted, lines, main, markdown

BEGIN, END = "<!-- measured sums -->", "<!-- /measured sums -->"


def record(contestant, seconds, threads=1, **more):
    return {"family": "reduce", "case": "sum", "threads": threads, "contestant": contestant, "seconds": seconds,
            "quartiles": [seconds, seconds], "samples": 9} | more


def result(*records, **more):
    machine = {"cpu": "A CPU", "cores": 2, "memory": "16 GiB", "system": "Linux 6"}
    return {"date": "2026-01-02", "quick": False, "machine": machine, "versions": {"numpy": "2.4", "torch": "2.13"},
            "absent": ["jax"], "results": list(records)} | more


@pytest.mark.parametrize("seconds, text", [
    (2.0, "2.00 s"), (0.25, "250 ms"), (0.00412, "4.12 ms"), (9.996e-4, "1.00 ms"), (1.5e-6, "1.50 us"),
    (123e-6, "123 us"), (47.3e-9, "47.3 ns"), (0.4e-9, "0.400 ns"), (1234.0, "1230 s")])
def test_durations_have_three_digits(seconds, text):
    assert duration(seconds) == text


def test_lines_put_graphc_first_then_the_fastest():
    shown = list(lines([record("numpy", 3.0), record("torch", 2.0, ratio=1.0),
                        record("graphc", 2.5, share=0.5, ratio=0.8, bytes=10**6, bandwidth=2e9)]))
    assert [line.split()[0] for line in shown[2:5]] == ["graphc", "torch", "numpy"]
    assert shown[0] == "sum, one thread" and "50 %" in shown[2] and "0.80" in shown[2]
    assert shown[-1].split() == ["floor:", "1", "MB", "at", "the", "copy's", "2", "GB/s"]


def test_lines_say_who_failed():
    shown = list(lines([{"case": "sum", "threads": 2, "contestant": "jax", "failed": "no memory"}]))
    assert shown[0] == "sum, 2 threads" and shown[-1].split() == ["jax", "failed:", "no", "memory"]


def test_the_table_has_a_row_for_each_case_and_columns_for_each_number_of_threads():
    text = markdown(result(record("graphc", 1e-3, share=0.9, ratio=2.0), record("torch", 2e-3), record("numpy", 3e-3),
                           record("graphc", 5e-4, threads=2, share=0.8, ratio=3.0), record("torch", 15e-4, threads=2)))
    assert "| sum | 1.00 ms | 90 % | torch 2.00 ms | 2.00 | 500 us | 80 % | torch 1.50 ms | 3.00 |" in text
    assert "2026-01-02, A CPU, 2 cores, 16 GiB" in text
    assert text.endswith("Versions: numpy 2.4, torch 2.13. Not installed, so not compared: jax.")


def test_a_case_without_graphc_or_without_peers_leaves_cells_empty():
    failed = {"case": "max", "threads": 1, "contestant": "graphc", "failed": "why"}
    text = markdown(result(record("graphc", 1e-3, share=0.5), failed, record("numpy", 2e-3) | {"case": "max"}))
    assert "| sum | 1.00 ms | 50 % |  |  |" in text and FLOOR in text
    assert "| max | failed |  | numpy 2.00 ms |  |" in text


def test_without_a_floor_there_is_no_column_of_it():
    text = markdown(result(record("graphc", 1e-3, ratio=2.0), record("numpy", 2e-3)))
    assert "| sum | 1.00 ms | numpy 2.00 ms | 2.00 |" in text and "floor" not in text


def test_quick_results_are_refused():
    with pytest.raises(SystemExit, match="quick"):
        markdown(result(quick=True))


def test_the_table_stands_between_the_marks_and_replaces_what_stood_there():
    readme = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert inserted(readme, r"new \1", "sums") == f"before\n{BEGIN}\nnew \\1\n{END}\nafter\n"
    with pytest.raises(SystemExit, match="once each"):
        inserted(readme, "new", "products")


def test_the_command_writes_into_the_readme(tmp_path, capsys):
    results, readme = tmp_path / "r.json", tmp_path / "README.md"
    results.write_text(json.dumps(result(record("graphc", 1e-3))))
    readme.write_text(f"{BEGIN}{END}")
    main([str(results), str(readme), "sums"])
    main([str(results)])
    assert capsys.readouterr().out.strip() in readme.read_text()
