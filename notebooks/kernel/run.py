"""Runs notebooks headless: a line for each cell, executed copies and HTML in out/.

The notebooks in notebooks/ are never changed, unless --save asks for their outputs to be
kept there. A failing cell is printed with its source and its traceback, and the exit
status is 1; the other notebooks still run.
"""

import argparse
import atexit
import copy
import fcntl
import html
import os
import re
import shutil
import sys
import tempfile
import time
from functools import cache, partial
from pathlib import Path

import nbformat
from beside import each
from jinja2 import DictLoader
from latex2mathml.converter import convert as mathml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert import HTMLExporter

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
LONGEST = ("03", "04", "05")  # begin first where several run at once, so that none runs alone at the end


def first_line(source):
    """The line that tells a reader which cell this is."""
    lines = [line.strip() for line in source.splitlines()]
    telling = [line for line in lines if line and not line.startswith(("%%", "import", ")", '"', "//", "_ "))]
    return (telling or [""])[0][:60]


class Client(NotebookClient):
    """Executes a notebook and tells how long each cell took."""

    async def async_execute_cell(self, cell, cell_index, **kwargs):
        if cell.cell_type != "code" or not cell.source.strip():
            return await super().async_execute_cell(cell, cell_index, **kwargs)
        begin = time.monotonic()
        try:
            return await super().async_execute_cell(cell, cell_index, **kwargs)
        finally:
            count = cell.get("execution_count") or "-"
            print(f"  [{count:>2}] {time.monotonic() - begin:6.1f} s  {first_line(cell.source)}", flush=True)


def execute(notebook, cwd, cell_seconds):
    """Runs all cells in place. Returns None, or what went wrong."""
    client = Client(
        notebook,
        kernel_name="gonb",
        timeout=cell_seconds,
        startup_timeout=120,
        coalesce_streams=True,
        record_timing=False,
        resources={"metadata": {"path": str(cwd)}},
    )
    try:
        client.execute()
    except CellTimeoutError:
        return f"a cell ran longer than {cell_seconds} s (CELL_SECONDS=… allows more)"
    except Exception as failure:
        if hasattr(client, "_async_cleanup_kernel_future"):  # Ctrl-C, of which the kernel died
            sys.exit("Stopped.")
        if isinstance(failure, (CellExecutionError, DeadKernelError)):
            return str(failure)
        atexit.unregister(client._cleanup_kernel)  # a kernel that did not start: it would stumble over the same
        while failure.__context__:
            failure = failure.__context__
        return f"{failure}\nWhat the kernel said is in .setup/log/kernel.log."
    return None


def tidy(notebook):
    """Leaves in the outputs nothing of the machine and nothing of the clock."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    places = {str(ROOT) + "/": "", str(ROOT): ".", str(Path.home()): "~"}
    # The kernel's temporary program, as a traceback names it.
    temporary = re.compile(re.escape(tempfile.gettempdir().rstrip("/")) + r"/gonb_\w+/")

    def clean(value):
        if isinstance(value, str):
            for place, short in places.items():
                if len(place) > 2:
                    value = value.replace(place, short)
            return temporary.sub("", value)
        if isinstance(value, list):
            return [clean(v) for v in value]
        if isinstance(value, dict):
            return {k: v if k.startswith("image/") else clean(v) for k, v in value.items()}
        return value

    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.from_dict(clean(output)) for output in cell.outputs]


FORMULA = re.compile(
    r"(?P<code>^```.*?^```|`[^`\n]+`)|\$\$(?P<block>.+?)\$\$|(?<![\\$\w])\$(?P<inline>[^\s$](?:[^$\n]*[^\s$])?)\$(?!\w)",
    re.DOTALL | re.MULTILINE,
)


MARK = re.compile(r"formula(\d+)alumrof")


def with_mathml(source, drawn):
    """Markdown with a mark for each formula, and the formulas, as MathML, added to drawn.

    A browser draws MathML without a script. Marks, because nbconvert would tear the
    elements apart.
    """

    def draw(match):
        tex = match["block"] or match["inline"]
        if not tex:
            return match[0]
        try:
            drawn.append(mathml(tex.strip(), display="block" if match["block"] else "inline"))
        except Exception:  # a formula it cannot read stays as it was typed
            drawn.append(f"<code>{html.escape(tex)}</code>")
        return f"formula{len(drawn) - 1}alumrof"

    return FORMULA.sub(draw, source)


# nbconvert's own page asks CDNs for require.js, MathJax and Mermaid: this one asks nobody.
PAGE = """{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
"""


def to_html(notebook, title):
    """The notebook as one self-contained page."""
    page, formulas = copy.deepcopy(notebook), []
    page.metadata.setdefault("language_info", {"name": "go"})["pygments_lexer"] = "go"
    for cell in page.cells:
        if cell.cell_type == "markdown":
            cell.source = with_mathml(cell.source, formulas)
    exporter = HTMLExporter(
        extra_loaders=[DictLoader({"page.html.j2": PAGE})], template_file="page.html.j2", embed_images=True
    )
    body, _ = exporter.from_notebook_node(
        page, resources={"metadata": {"name": title, "path": str(NOTEBOOKS)}}
    )
    body = re.sub(r'(?:id|href)="[^"]*"', lambda match: MARK.sub("", match[0]), body)  # headings' anchors
    return MARK.sub(lambda match: formulas[int(match[1])], body)


def write(path, text):
    """Writes beside, then renames: a killed run leaves no half file."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def chosen(prefix, jobs=1):
    """The notebooks whose names begin with the prefix, in the order for so many at once."""
    everything = sorted(NOTEBOOKS.glob("[0-9][0-9]*.ipynb"))
    some = [path for path in everything if path.name.startswith(prefix)]
    if not some:
        there = ", ".join(path.stem for path in everything) or "none"
        sys.exit(f"No notebook begins with “{prefix}”. There are: {there}." if prefix else "There are no notebooks.")
    return longest_first(some) if jobs > 1 else some


def longest_first(paths):
    """The order for several at once: the longest, then the others as they are, because 02 uses what 01 trained."""
    return sorted(paths, key=lambda path: path.name[:2] not in LONGEST)


def share(one, other):
    """Whether two notebooks use a run together, which the first of them trains. Names may have an end from a variable."""
    return any(a.startswith(b) or b.startswith(a) for a in runs(one) for b in runs(other))


@cache  # every pair of notebooks asks
def runs(path):
    """The folders of runs that a notebook names."""
    code = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
    return set(re.findall(r"\bruns/\w[\w-]*", code))


def run_one(path, cwd, options):
    """Runs one notebook and keeps what came out of it. Whether it ran to its end."""
    print(path.stem, flush=True)
    begin = time.monotonic()
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    problem = execute(notebook, cwd, options.cell_seconds)
    tidy(notebook)
    write(options.out / path.name, nbformat.writes(notebook) + "\n")
    write(options.out / (path.stem + ".html"), to_html(notebook, path.stem))
    seconds = time.monotonic() - begin
    if problem:
        print(f"{problem}\n{path.stem}: failed after {seconds:.0f} s\n", flush=True)
        return False
    if options.fresh:
        (cwd / f".{path.stem}-ran").touch()  # a later test may build on the runs in here
    if options.save:
        write(path, nbformat.writes(notebook) + "\n")
    print(f"{path.stem}: {seconds:.0f} s → {os.path.relpath(options.out / path.stem, ROOT)}.html\n", flush=True)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prefix", nargs="?", default="", help="run the notebooks whose names begin so")
    parser.add_argument("--out", type=Path, required=True, help="folder of the executed copies")
    parser.add_argument("--cell-seconds", type=int, default=3600, help="time limit of a cell")
    parser.add_argument("--save", action="store_true", help="keep the outputs in notebooks/ too")
    parser.add_argument("--fresh", action="store_true", help="run in an empty folder, not among saved runs")
    parser.add_argument("--jobs", type=int, default=1, help="so many notebooks at once, each on its share of the cores")
    options = parser.parse_args()

    options.out.mkdir(parents=True, exist_ok=True)
    alone = (options.out / ".lock").open("w")
    try:
        fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"Another run of notebooks writes to {options.out}; wait for it, or set OUT to another folder.")
    cwd = NOTEBOOKS
    if options.fresh:
        cwd = options.out / "fresh"
        shutil.rmtree(cwd, ignore_errors=True)
        cwd.mkdir()

    work = partial(run_one, cwd=cwd, options=options)
    paths = chosen(options.prefix, options.jobs)
    failed = [path.stem for path, whole in each(work, paths, options.jobs, share) if not whole]
    if failed:
        sys.exit("Failed: " + ", ".join(sorted(failed)))


if __name__ == "__main__":
    main()
