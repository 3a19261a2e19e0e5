"""Builds the image and uses it as a reader would: `make docker-test`.

With Docker where its daemon answers, else with buildah on bases made here. It needs
nothing of the set-up. CUDA=1 builds the image for GPUs as well, which a machine without
one runs on the CPU. Each check is a line; the exit status is 1 if one fails.
"""

import json
import os
import re
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

import docker_buildah
import docker_engine
from terminal import ask

LIMIT = 2.5e9  # bytes of the cpu image
URL = re.compile(r"http://127\.0\.0\.1:8888/lab\?token=([0-9a-f]{48})\s")
CELL = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "gonb", "display_name": "Go"}}, "cells": [
    {"id": "a", "cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [],
     "source": 'import (\n\t"github.com/vaebook/vaebook/datasets"\n\t"github.com/vaebook/vaebook/vaekit/show"\n)\n%%\n'
               'fmt.Println("examples:", show.Must(datasets.MNIST()).Test.Len())'},
]}


class Tests:
    def __init__(self, engine):
        self.engine, self.passed, self.failed = engine, 0, 0

    def check(self, name, test, *arguments):
        begin = time.monotonic()
        try:
            told, verdict = test(*arguments), "ok"
            self.passed += 1
        except Exception as failure:  # whatever it is, the other checks go on
            told, verdict = f"{type(failure).__name__}: {failure}", "FAILED"
            self.failed += 1
        print(f"{verdict:6} {name}, {time.monotonic() - begin:.0f} s{': ' + told if told else ''}", flush=True)
        return verdict == "ok"

    def output(self, *command, fails=False, **how):
        """What a container said that ran to its end."""
        process = self.engine.start(*command, **how).process
        told, _ = process.communicate(timeout=1800)
        assert bool(process.returncode) == fails, f"exit status {process.returncode}\n{told}"
        return told

    # The image.

    def build(self, target):
        layers = self.engine.build(target)
        total = sum(size for size, _ in layers)
        for size, step in layers:
            print(f"    {size / 1e6:7.0f} MB  {plain(step)}")
        assert target != "cpu" or total < LIMIT, f"{total / 1e9:.2f} GB"
        return f"{total / 1e9:.2f} GB in {len(layers)} layers"

    def user(self):
        told = self.output("sh", "-c", "whoami; id -u; id -g")
        assert told.split()[-3:] == ["vaebook", "1000", "100"], told

    def doctor(self, target):
        told = self.output("doctor")
        wanted = ["backend: XLA, pjrt_c_api_cpu_plugin.so", "with MNIST", "Go go1."]
        if target == "cuda" and not os.path.exists("/dev/nvidiactl"):
            wanted += ["a container sees it with --gpus all", "docker run --rm --gpus all debian nvidia-smi"]
        lacking = [words for words in wanted if words not in told]
        assert not lacking, f"lacks {lacking}:\n{told}"
        assert target != "cpu" or "without" not in told, told
        return told.splitlines()[0]

    # The lab.

    def lab(self, mine):
        """Starts, guards itself, shows the notebooks, is healthy, and ends when told to."""
        with self.serving(served=True, mine=mine) as (container, server, token, seconds):
            assert ask(server + "/api")[0] == 200, "no answer on /api"
            for path in ("/api/contents", "/lab", "/api/kernels"):
                status, url, _ = ask(server + path)
                assert status == 403 or "/login" in url, f"{path} without the token: {status}"
            status, url, _ = ask(server + "/", token)
            assert (status, url) == (200, server + "/lab"), f"the landing page is {url}, {status}"
            listed = {item["name"] for item in json.loads(ask(server + "/api/contents", token)[2])["content"]}
            there = {path.name for path in (docker_engine.ROOT / "notebooks").glob("*.ipynb")}
            assert there and there | {"mine"} <= listed, f"the list is {listed}"
            for name in there:
                cells = json.loads(ask(f"{server}/api/contents/{name}", token)[2])["content"]["cells"]
                assert all(c["metadata"].get("trusted") for c in cells if c["cell_type"] == "code"), f"{name} is not trusted"
            specs = json.loads(ask(server + "/api/kernelspecs", token)[2])
            assert list(specs["kernelspecs"]) == ["gonb"], f"kernels are {list(specs['kernelspecs'])}"
            assert self.engine.healthy(container), "HEALTHCHECK says no"
            assert container.stop(), "it does not end when it is told to"
        return f"it served after {seconds:.1f} s"

    def lab_read_only(self):
        with self.serving(served=True, read_only=True) as (_, server, token, seconds):
            listed = json.loads(ask(server + "/api/contents", token)[2])["content"]
            assert any(item["name"].startswith("01-") and item["writable"] for item in listed), f"the list is {listed}"
        return f"it served after {seconds:.1f} s"

    def serving(self, **how):
        return Serving(self.engine, how)

    def empty_token(self):
        for way in ({"env": ["JUPYTER_TOKEN="]}, {"env": ["JUPYTER_TOKEN="], "read_only": True}):
            told = self.output(fails=True, **way)
            assert "The token is empty" in told, told
        told = self.output("lab", "--IdentityProvider.token=", fails=True)
        assert "The token is empty" in told, told

    # Cells.

    def cell(self, mine, **how):
        """A cell that reads data, executed by the kernel in a container of its own."""
        (mine / "cell.ipynb").write_text(json.dumps(CELL))
        (mine / "cell.ipynb").chmod(0o666)
        self.output("jupyter", "nbconvert", "--to", "notebook", "--execute", "--inplace", "/mine/cell.ipynb", mine=str(mine), **how)
        told = json.dumps(json.loads((mine / "cell.ipynb").read_text())["cells"][0]["outputs"])
        assert "examples: 10000" in told, told

    def notebook(self, mine):
        """The first notebook, from its data to its assertions."""
        told = self.output("make", "notebooks", "NB=01", "FRESH=1", mine=str(mine))
        page = next((mine / "out").glob("01-*.html"))
        assert page.stat().st_size > 100_000, f"{page.name} is empty"
        first = re.search(r"\[ 1\] +([\d.]+) s", told)
        backend = re.search(r"backend: [^\\\n<\"]*", (mine / "out" / f"{page.stem}.ipynb").read_text())
        return f"its first cell took {first[1]} s; {backend[0] if backend else 'no backend named'}"


class Serving:
    """A lab in a container: its address, its token, and the seconds until it answered."""

    def __init__(self, engine, how):
        self.engine, self.how = engine, how

    def __enter__(self):
        begin = time.monotonic()
        self.container = self.engine.start(**self.how)
        told = ""
        for line in self.container.process.stdout:
            told += line
            if found := URL.search(line):
                break
        else:
            raise AssertionError(f"it ended and said:\n{told}")
        # What else it says is read and dropped, or it would wait for a reader.
        threading.Thread(target=self.container.process.stdout.read, daemon=True).start()
        server = self.container.address()
        while time.monotonic() - begin < 120:
            try:
                ask(server + "/api")
                return self.container, server, found[1], time.monotonic() - begin
            except OSError:
                time.sleep(0.05)  # the URL is said a moment before
        raise AssertionError(f"it said {server} and does not answer there")

    def __exit__(self, *_):
        if self.container.process.poll() is None:
            self.container.stop()


def plain(step):
    """A step of the Dockerfile, without what an engine writes around it."""
    step = re.sub(r"/bin/sh -c|#\(nop\)|(dir|file|multi):[0-9a-f]+ in|# buildkit", " ", step)
    return " ".join(step.split())[:100]


def main():
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # what was made is taken away
    engine = docker_engine.Docker() if docker_engine.works() else docker_buildah.Buildah()
    print(f"The image, built by {engine.name}", flush=True)
    tests = Tests(engine)
    targets = ["cpu", "cuda"] if os.environ.get("CUDA") else ["cpu"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        mine = Path(folder)
        mine.chmod(0o777)  # the tester need be neither user 1000 nor of group 100
        try:
            built = [target for target in targets[::-1] if tests.check(f"build {target}", tests.build, target)]
            engine.without_network()
            for target in built:
                use(tests, target, mine)
        finally:
            engine.close()
    print(f"\n{tests.passed} passed, {tests.failed} failed")
    return 1 if tests.failed else 0


def use(tests, target, mine):
    """All that can be asked of one image; of cuda, what differs."""
    tests.engine.choose(target)
    tests.check(f"doctor in {target}", tests.doctor, target)
    if target == "cuda":
        return
    tests.check("it runs as uid 1000", tests.user)
    tests.check("lab", tests.lab, str(mine))
    tests.check("lab, read-only", tests.lab_read_only)
    tests.check("an empty token is refused", tests.empty_token)
    tests.check("a cell as user 1234", lambda: tests.cell(mine, user="1234:100"))
    tests.check("a cell, read-only", lambda: tests.cell(mine, read_only=True))
    tests.check("notebook 01 without a network", tests.notebook, mine)


if __name__ == "__main__":
    sys.exit(main())
