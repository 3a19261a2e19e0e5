"""Checks the notebooks as they are committed: run to the end, whole, and fit to be shown.

It needs nothing but Python, and knows the rules of what a reader meets on a web page:
outputs are there, in order, without errors, without a path of somebody's machine, and
without anything that a page would have to fetch. The last two are asked of HTML pages too.
"""

import itertools
import json
import re
import sys
from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parents[1]
LIMIT = 2 * 1024 * 1024  # bytes; beyond that a web page will not show a notebook

PATH = re.compile(r"(?<![\w.:/~-])/(?:root|home|work|tmp|Users|private|var/folders)/[\w.-]+")
FETCH = re.compile(r"<(?:script|link|img|audio|video|iframe|source)\b[^>]*(?:src|href)\s*=\s*[\"']?(?:https?:)?//", re.I)
IMPORT = re.compile(r"(?:import\s*\(|import\s+|from\s+)[\"']https?://|@import\s+(?:url\()?[\"']?https?://", re.I)
# In a page that stands alone, every part lies in it, also what a notebook finds beside it.
BESIDE = re.compile(
    r"<(?:script|link|img|audio|video|iframe|source|object|embed)\b[^>]*\b(?:src|href|data)\s*=\s*(?:[\"'](?![\"'#])|[^\"'\s>])"
    r"|url\(\s*[\"']?(?![\"')#]).",
    re.I,
)
DATA = re.compile(r"data:[\w/+.;=-]+,[A-Za-z0-9+/=%]+")  # pictures and sound inside a page


def strings(value):
    """All text in an output, less pictures."""
    if isinstance(value, str):
        yield DATA.sub("", value)
    elif isinstance(value, list):
        if all(isinstance(v, str) for v in value):
            yield DATA.sub("", "".join(value))
        else:
            for v in value:
                yield from strings(v)
    elif isinstance(value, dict):
        for key, v in value.items():
            if not key.startswith("image/"):
                yield from strings(v)


def unfit(text):
    """What no reader should meet, in words."""
    if found := PATH.search(text):
        yield f"a path of a machine: {found[0]}"
    if found := FETCH.search(text) or IMPORT.search(text):
        yield f"fetches from the network: {found[0][:80]}"


def problems(path):
    """What is wrong with one notebook, in words."""
    size = path.stat().st_size
    if size >= LIMIT:
        yield f"{size / 2**20:.1f} MB; at most 2 MB"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    if notebook.get("metadata", {}).get("kernelspec", {}).get("name") != "gonb":
        yield "its kernel is not gonb"
    # Where another Jupyter opens it, or another kernel runs it, nothing else can say what to do.
    words = itertools.takewhile(lambda c: c["cell_type"] != "code", notebook["cells"])
    before = "".join("".join(c["source"]) for c in words)
    if "`make lab`" not in before or "*Go (gonb)*" not in before:
        yield "does not say before its first cell of code that `make lab` opens it, with the kernel *Go (gonb)*"
    code = [c for c in notebook["cells"] if c["cell_type"] == "code" and "".join(c["source"]).strip()]
    counts = [c.get("execution_count") for c in code]
    if counts != list(range(1, len(code) + 1)):
        yield f"execution counts are {counts}, not 1 to {len(code)}: save it with make notebooks SAVE=1"
    if not any(c["outputs"] for c in code):
        yield "no cell has an output"
    for number, cell in enumerate(notebook["cells"], 1):
        where = f"cell {number}"
        if "execution" in cell.get("metadata", {}):
            yield f"{where}: carries times of execution"
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                yield f"{where}: ended in an error: {output.get('evalue', '')[:80]}"
        texts = ["".join(cell["source"])] if isinstance(cell["source"], list) else [cell["source"]]
        texts += [text for output in cell.get("outputs", []) for text in strings(output)]
        for text in texts:
            yield from (f"{where}: {found}" for found in unfit(text))


def page_problems(path):
    """What is wrong with one HTML page, in words."""
    text = DATA.sub("", path.read_text(encoding="utf-8"))
    yield from unfit(text)
    if found := BESIDE.search(text):
        yield f"has a part outside: {text[found.start() : found.end() + 40]}"


def main():
    paths = sorted(Path(a) for a in sys.argv[1:]) or sorted(NOTEBOOKS.glob("*.ipynb"))
    if not paths:
        sys.exit("There are no notebooks to check.")
    bad = 0
    for path in paths:
        for problem in (page_problems if path.suffix == ".html" else problems)(path):
            bad += 1
            print(f"{path.name}: {problem}")
    if bad:
        sys.exit(1)
    print(f"{len(paths)} files: whole, in order, without paths or anything to fetch")


if __name__ == "__main__":
    main()
