"""Opens every notebook in the real JupyterLab in a real browser, as a reader does: looks at it
before a cell has run, runs all cells by the menu, looks again, listens, plays. Notebook 01 is
trained there, interrupted, and goes on.

It works on copies, on the runs that `make notebooks FRESH=1` left, so nothing that a folder
keeps is trained again; your notebooks, runs and settings stay as they are. $NB chooses
notebooks as it does there; with $JOBS so many labs take them in turn, each with a browser
and a folder of its own. What it saw is in out/browser/.
"""

import multiprocessing
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

import check
import nbformat
from beside import each
from page import browser
from run import chosen
from terminal import ROOT, free_port, lab, untouched

FRESH = ROOT / "out/fresh"
SHOTS = ROOT / "out/browser"
EXPLORERS = ("01", "02", "03")  # the notebooks that have one, by their first two figures
TRAINED = "01-mnist-generation.ipynb"


def seconds(since):
    return f"{time.monotonic() - since:.0f} s"


def mime(notebook, kind):
    """What the outputs hold of a kind."""
    outputs = [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]
    return [o.data[kind] for o in outputs if kind in o.get("data", {})]


def whole(page, notebook, name):
    """What the notebook holds is what the page shows, and works."""
    pictures = len(mime(notebook, "image/png"))
    players = sum(html.count("<audio") for html in mime(notebook, "text/html"))
    formulas = page.look_and_listen(pictures, players)
    explorers = page.explore()
    assert explorers or name[:2] not in EXPLORERS, f"{name} has no explorer"
    return f"{pictures} pictures, {players} players, {explorers} explorers, {formulas} formulas"


def shoot_outputs(page, name):
    """Pictures of the page: its head, and three places where there is something to see."""
    seen = page.page.locator(".jp-OutputArea-output :is(img, audio, .vae-explorer)").all()
    page.show(page.page.locator(".jp-Cell").first)
    page.shoot(f"{name[:2]}-run-0")
    for i in (1, 2, 3):
        page.show(seen[(len(seen) - 1) * i // 3])
        page.shoot(f"{name[:2]}-run-{i}")


def read_and_run(page, folder, name):
    """One notebook, from its first opening to its last cell."""
    begin = time.monotonic()
    page.open(name)
    page.ready()
    committed = nbformat.read(folder / name, as_version=4)
    assert re.match(r"Notebook trusted", page.trusted()), f"at first open it is not trusted: {page.trusted()}"
    shown = whole(page, committed, name)
    page.show(page.page.locator(".jp-Cell").first)
    page.shoot(f"{name[:2]}-first")
    page.blameless()
    print(f"{name[:-6]}, before a cell has run: {shown}; {seconds(begin)}", flush=True)

    begin = time.monotonic()
    page.run_all()
    page.menu("File", "Save Notebook")
    page.page.locator(".jp-mod-dirty").wait_for(state="detached")
    saved = nbformat.read(folder / name, as_version=4)
    if wrong := list(check.problems(folder / name)):
        raise AssertionError(f"{name}, run in the browser: " + "; ".join(wrong))
    shown = whole(page, saved, name)
    shoot_outputs(page, name)
    page.blameless()
    print(f"{name[:-6]}, run: {shown}; {seconds(begin)}\n", flush=True)


def in_the_dark(page):
    """The same page in the dark theme, and back."""
    page.menu("Settings", "Theme", "JupyterLab Dark")
    page.page.locator("body[data-jp-theme-light=false]").wait_for(state="attached")
    page.show(page.page.locator(".vae-explorer").first)
    page.shoot("dark")
    page.menu("Settings", "Theme", "JupyterLab Light")
    page.page.locator("body[data-jp-theme-light=true]").wait_for(state="attached")


def train(page):
    """Trains from the beginning: it moves, stops when it is told to, and goes on from there."""
    begin = time.monotonic()
    page.open(TRAINED, folder="training")
    page.ready()
    cell = page.cell('Dir: "runs/digits", Epochs:')
    cell.locator(".cm-content").click()
    page.menu("Run", "Run All Above Selected Cell")
    page.finished()
    page.run(cell)
    epoch = r"epoch (\d+)/50"
    page.progress(cell, epoch + r": loss .* left")
    page.progress(cell, r"epoch (?!1/)(\d+)/50: loss .* left")
    page.show(cell.locator(".jp-OutputArea"))
    page.shoot("training")
    page.menu("Kernel", "Interrupt Kernel")
    stopped = int(page.progress(cell, r"stopped after (\d+) of 50 epochs")[1])
    cell.get_by_text("is saved in runs/digits; the same call to Train goes on from there").wait_for()
    page.finished()
    page.shoot("interrupted")

    page.run(cell)
    begins = int(page.progress(cell, epoch)[1])
    assert begins > 1 and begins in (stopped, stopped + 1), f"stopped after {stopped} epochs, it goes on with {begins}"
    page.progress(cell, epoch + r": loss .* [1-9][\d,]* examples/s")
    page.shoot("goes-on")
    page.menu("Kernel", "Interrupt Kernel")
    again = int(page.progress(cell, r"stopped after (\d+) of 50 epochs")[1])
    assert again >= stopped, f"stopped after {stopped} epochs and then after {again}"
    page.finished()
    page.blameless()
    print(f"trained: stopped after {stopped} epochs, went on, stopped after {again}; {seconds(begin)}", flush=True)
    return cell


def ask(page, cell):
    """Completion and inspection, in a new cell of a notebook whose imports have run."""
    begin = time.monotonic()
    page.write(cell, "%%\nshow.P")
    page.page.keyboard.press("Tab")
    names = page.page.locator(".jp-Completer-item")
    names.first.wait_for()
    page.shoot("completion")
    offered = " ".join(names.all_inner_texts())
    assert "Pairs" in offered and "Players" in offered, f"show.P is completed as {offered}"
    page.page.keyboard.press("Escape")
    page.page.keyboard.press("Control+a")
    page.page.keyboard.type("%%\nrun, err := vaekit.Train")
    page.page.keyboard.press("Shift+Tab")
    page.page.locator(".jp-Tooltip").get_by_text("Train fits a model to data and returns the run").wait_for()
    page.shoot("inspection")
    page.page.keyboard.press("Escape")
    page.blameless()
    print(f"completion and inspection answer; {seconds(begin)}", flush=True)


def with_another_kernel(page):
    """A notebook that was saved elsewhere, with a kernel that is not here: the one that is, is offered alone."""
    page.open("python.ipynb")
    page.page.locator(".jp-Dialog").wait_for()
    page.shoot("another-kernel")
    offered = [words for words in page.page.locator(".jp-Dialog option").all_inner_texts() if "gonb" in words or "Python" in words]
    assert offered and all("Go (gonb)" in words for words in offered), f"offered are {offered}"
    page.page.locator(".jp-Dialog .jp-mod-accept").click()
    page.ready()
    page.menu("Run", "Run All Cells")
    page.page.locator(".jp-OutputArea-output").get_by_text("six times seven: 42").wait_for()
    page.blameless()
    print("a notebook of another kernel runs with this one", flush=True)


def open_lab(queue, last):
    """Opens a lab and in it the next notebook, until the queue says None. The last lab also does what is done once: the
    dark, training, another kernel."""
    with tempfile.TemporaryDirectory() as served, tempfile.TemporaryDirectory() as profile:
        folder = Path(served).resolve()
        (folder / "training").mkdir()
        for path in chosen(""):
            shutil.copy(path, folder)
        shutil.copy(folder / TRAINED, folder / "training")
        shutil.copytree(FRESH / "runs", folder / "runs")
        elsewhere = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell('%%\nfmt.Println("six times seven:", 6*7)')])
        elsewhere.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(elsewhere, folder / "python.ipynb")
        begin = time.monotonic()
        with lab(f"NOTEBOOKS={folder}", f"PORT={free_port()}") as (terminal, home, _):
            server, _, token = terminal.address()
            with browser(os.environ["VAEKIT_BROWSER"], profile, server, token, SHOTS) as page:
                page.land()
                if last:
                    page.shoot("landing")
                page.blameless()
                print(f"the lab is up and its page is there; {seconds(begin)}", flush=True)
                for name in iter(queue.get, None):
                    read_and_run(page, folder, name)
                    page.close()
                if last:
                    cell = train(page)
                    in_the_dark(page)
                    ask(page, cell)
                    page.close()
                    with_another_kernel(page)
            terminal.stop()
            untouched(home)
    return True


def main():
    jobs = int(os.environ.get("JOBS") or 1)
    names = [path.name for path in chosen(os.environ.get("NB", ""), jobs)]
    if without := [name for name in names if not (FRESH / f".{name[:-6]}-ran").exists()]:
        sys.exit(f"There are no finished runs of {', '.join(without)} in out/fresh/. make notebooks FRESH=1 makes them, which takes "
                 "long; with NB=01, here and there, the first notebook alone is run.")
    shutil.rmtree(SHOTS, ignore_errors=True)
    SHOTS.mkdir(parents=True)
    jobs = max(1, min(jobs, len(names)))
    queue = multiprocessing.get_context("fork").SimpleQueue()
    for name in names + [None] * jobs:
        queue.put(name)
    if not all([well for _, well in each(lambda i: open_lab(queue, last=i == jobs - 1), range(jobs), jobs)]):
        sys.exit(1)
    print(f"{len(names)} notebooks were opened, looked at and run; pictures are in out/browser/")


if __name__ == "__main__":
    main()
