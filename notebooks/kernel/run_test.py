"""Runs notebooks that fail, each in its way and two at once: the others still run, and of each
that had begun a copy is left, with what came out of it until then."""

import contextlib
import fcntl
import io
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import run
from beside import each

NOTEBOOKS = {  # their cells
    "01-cell": ['%%\nfmt.Println("before")', '%%\npanic("of its own")', '%%\nfmt.Println("after")'],
    "02-time": ['%%\nfmt.Println("before")', "%%\ntime.Sleep(time.Hour)", '%%\nfmt.Println("after")'],
    "03-kernel": ['%%\nfmt.Println("before")', "!kill $PPID", '%%\nfmt.Println("after")'],
    "04-whole": ['%%\nfmt.Println("before")', '%%\nfmt.Println("after")'],
}


def begin(*options):
    """Runs the notebooks as a command."""
    sys.argv = ["run.py", "--fresh", "--out", str(run.NOTEBOOKS / "out"), *options]
    run.main()


def results(*options):
    """Runs the notebooks. Returns what was said and, by notebook, what its copy holds that was printed."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            begin(*options)
        except SystemExit as end:
            print(end.code)
    printed = {}
    for path in sorted((run.NOTEBOOKS / "out").glob("*.ipynb")):
        outputs = [o for cell in nbformat.read(path, as_version=4).cells for o in cell.outputs]
        printed[path.stem] = "".join(o.text for o in outputs if "text" in o)
        assert path.with_suffix(".html").stat().st_size > 0
        path.unlink()
    return said.getvalue(), printed


def each_in_its_way():
    said, printed = results("--cell-seconds", "20", "--jobs", "2")
    for words in ("panic: of its own", "longer than 20 s", "Kernel died", "Failed: 01-cell, 02-time, 03-kernel\n"):
        assert words in said, f"does not say “{words}”, but:\n{said}"
    assert list(printed) == list(NOTEBOOKS), f"copies of {list(printed)} alone"
    for name, text in printed.items():
        assert text.startswith("before\n") and ("after" in text) == (name == "04-whole"), f"{name} holds {text}"
    ran = [path.name for path in (run.NOTEBOOKS / "out/fresh").glob(".*-ran")]
    assert ran == [".04-whole-ran"], f"noted as run to the end: {ran}"


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def stopped(folder, jobs):
    """Told to end while cells run, it ends, and they do; no other begins."""
    run.NOTEBOOKS = folder
    for name in ("01", "02", "03"):
        code = f'%%\nos.WriteFile("{folder}/{name}", []byte(fmt.Sprint(os.Getpid(), " ")), 0o644)\ntime.Sleep(time.Hour)'
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), folder / f"{name}.ipynb")
    process = multiprocessing.get_context("fork").Process(target=begin, args=("--jobs", str(jobs)))
    process.start()

    def begun():
        return [int(path.read_text()) for path in folder.glob("0?") if path.read_text().endswith(" ")]

    patience = time.monotonic() + 60
    while len(begun()) < jobs and time.monotonic() < patience:
        time.sleep(0.1)
    process.terminate()
    process.join(60)
    while any(map(alive, begun())) and time.monotonic() < patience:
        time.sleep(0.1)  # their kernel is gone, and they follow
    assert process.exitcode, f"{jobs} at once: told to end, it goes on"
    assert len(begun()) == jobs and not any(map(alive, begun())), f"{jobs} at once, stopped: of cells {begun()} some are there still"


def one_at_a_time():
    with (run.NOTEBOOKS / "out/.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        said, printed = results("04")
    assert "Another run of notebooks writes to" in said and not printed, f"says:\n{said}"


def without_a_kernel(folder):
    """As where Go was taken away since: the kernel ends before it says a word."""
    (folder / "go").write_text("#!/bin/sh\nexit 1\n")
    (folder / "go").chmod(0o755)
    os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"
    said, printed = results("04")
    assert "kernel.log" in said and "Failed: 04-whole" in said, f"says:\n{said}"
    assert printed == {"04-whole": ""}, f"its copy holds {printed}"


def work(item):
    print(item)
    if item == "raises":
        raise ValueError("of its own")
    if item == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if item == "long":
        print("all of it\n" * 100_000)
    made = run.NOTEBOOKS / "made"
    if item == "makes":
        time.sleep(2)
        made.touch()
    return made.exists() if item == "takes" else item != "fails"


def side_by_side():
    items, said = ["raises", "dies", "fails", "long", "makes", "takes", "last"], io.StringIO()
    with contextlib.redirect_stdout(said):
        done = dict(each(work, items, 2, clash=lambda *two: sorted(two) == ["makes", "takes"]))
    assert done == {item: item in ("long", "makes", "takes", "last") for item in items}, done
    for words in (*items, "ValueError: of its own", "dies\nended by signal 9", "all of it\n" * 100_000):
        assert words in said.getvalue(), f"does not say “{words[:100]}”"


def in_turn(folder):
    """Notebooks that use a run together, one of them by a name that a variable ends, and one that is on its own."""
    for name, code in {"one": '"runs/digits"', "other": '"runs/" + "digits"', "long": '"runs/digits-16"', "end": '"runs/dig" + rest'}.items():
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), folder / f"{name}.ipynb")
    shared = [name for name in ("other", "long", "end") if run.share(folder / "one.ipynb", folder / f"{name}.ipynb")]
    assert shared == ["long", "end"], shared
    order = [path.name for path in run.longest_first([Path(name) for name in ("01-a", "02-b", "03-c", "05-d", "06-e")])]
    assert order == ["03-c", "05-d", "01-a", "02-b", "06-e"], order


def main():
    for jobs in (1, 2):
        with tempfile.TemporaryDirectory() as tmp:
            stopped(Path(tmp), jobs)
    with tempfile.TemporaryDirectory() as tmp:
        run.NOTEBOOKS = Path(tmp)
        side_by_side()
        in_turn(run.NOTEBOOKS)
        for name, cells in NOTEBOOKS.items():
            notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
            nbformat.write(notebook, run.NOTEBOOKS / f"{name}.ipynb")
        each_in_its_way()
        one_at_a_time()
        without_a_kernel(run.NOTEBOOKS)
    print("a notebook that fails leaves a copy, and the others run; told to end, they end")


if __name__ == "__main__":
    main()
