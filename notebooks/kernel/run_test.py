"""Runs notebooks that fail, each in its way: the others still run, and of each that had
begun a copy is left, with what came out of it until then."""

import contextlib
import io
import os
import sys
import tempfile
from pathlib import Path

import nbformat
import run

NOTEBOOKS = {  # their cells
    "01-cell": ['%%\nfmt.Println("before")', '%%\npanic("of its own")', '%%\nfmt.Println("after")'],
    "02-time": ['%%\nfmt.Println("before")', "%%\ntime.Sleep(time.Hour)", '%%\nfmt.Println("after")'],
    "03-kernel": ['%%\nfmt.Println("before")', "!kill $PPID", '%%\nfmt.Println("after")'],
    "04-whole": ['%%\nfmt.Println("before")', '%%\nfmt.Println("after")'],
}


def results(*options):
    """Runs the notebooks. Returns what was said and, by notebook, what its copy holds that was printed."""
    out = run.NOTEBOOKS / "out"
    sys.argv = ["run.py", "--fresh", "--out", str(out), *options]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            run.main()
        except SystemExit as end:
            print(end.code)
    printed = {}
    for path in sorted(out.glob("*.ipynb")):
        outputs = [o for cell in nbformat.read(path, as_version=4).cells for o in cell.outputs]
        printed[path.stem] = "".join(o.text for o in outputs if "text" in o)
        assert path.with_suffix(".html").stat().st_size > 0
        path.unlink()
    return said.getvalue(), printed


def each_in_its_way():
    said, printed = results("--cell-seconds", "10")
    for words in ("panic: of its own", "longer than 10 s", "Kernel died", "Failed: 01-cell, 02-time, 03-kernel\n"):
        assert words in said, f"does not say “{words}”, but:\n{said}"
    assert list(printed) == list(NOTEBOOKS), f"copies of {list(printed)} alone"
    for name, text in printed.items():
        assert text.startswith("before\n") and ("after" in text) == (name == "04-whole"), f"{name} holds {text}"
    ran = [path.name for path in (run.NOTEBOOKS / "out/fresh").glob(".*-ran")]
    assert ran == [".04-whole-ran"], f"noted as run to the end: {ran}"


def without_a_kernel(folder):
    """As where Go was taken away since: the kernel ends before it says a word."""
    (folder / "go").write_text("#!/bin/sh\nexit 1\n")
    (folder / "go").chmod(0o755)
    os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"
    said, printed = results("04")
    assert "kernel.log" in said and "Failed: 04-whole" in said, f"says:\n{said}"
    assert printed == {"04-whole": ""}, f"its copy holds {printed}"


def main():
    with tempfile.TemporaryDirectory() as tmp:
        run.NOTEBOOKS = Path(tmp)
        for name, cells in NOTEBOOKS.items():
            notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
            nbformat.write(notebook, run.NOTEBOOKS / f"{name}.ipynb")
        each_in_its_way()
        without_a_kernel(run.NOTEBOOKS)
    print("a notebook that fails leaves a copy, and the others run")


if __name__ == "__main__":
    main()
