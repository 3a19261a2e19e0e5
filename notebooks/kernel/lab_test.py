"""Opens the real JupyterLab as a reader does, in a terminal and from a home folder of its
own; looks at it, runs a cell in it, and stops it with Ctrl-C."""

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
from jupyter_client import BlockingKernelClient

ROOT = Path(__file__).resolve().parents[2]


def environment(home):
    """A reader's: another home, Go's caches where they are, and no screen for a browser."""
    ours = ("XDG_", "MAKE", "MFLAGS", "DISPLAY", "WAYLAND_DISPLAY")
    env = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    for name in ("GOCACHE", "GOMODCACHE", "GOPATH"):
        env[name] = subprocess.check_output(["go", "env", name], text=True, cwd=ROOT).strip()
    return env | {"HOME": str(home), "BROWSER": "true"}


class Terminal:
    """A terminal in which somebody typed `make lab`."""

    def __init__(self, port, env):
        self.said, self.ended = "", False
        self.pid, self.screen = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.execvpe("make", ["make", "lab", f"PORT={port}"], env)

    def read(self, words=None):
        """Reads until the words are said, or else to the end of all that runs in it."""
        deadline = time.monotonic() + 60
        while not self.ended:
            if words and (found := re.search(words, self.said)):
                return found
            if not select.select([self.screen], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"waited a minute for {words or 'the end'}")
            try:
                more = os.read(self.screen, 4096)
            except OSError:  # Linux's way to say that nobody writes any more
                more = b""
            self.ended = not more
            self.said += more.decode(errors="replace")
        assert not words, "it ended"
        return None

    def ctrl_c(self):
        os.write(self.screen, b"\x03")


def ask(url, token=None, **body):
    """The status, the address after redirections, and the answer."""
    headers = {"Authorization": f"token {token}"} if token else {}
    data = json.dumps(body).encode() if body else None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30) as answer:
            return answer.status, answer.url, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.url, b""


def answers(address, port):
    """Whether somebody listens there."""
    with socket.socket() as caller:
        caller.settimeout(5)
        return caller.connect_ex((address, port)) == 0


def look(server, token):
    """What a reader meets, and what a stranger is refused."""
    status, url, _ = ask(server, token)
    assert (status, url) == (200, server + "lab"), f"the landing page is {url}, {status}"
    for path in ("api/contents", "api/kernelspecs", "lab"):
        status, url, _ = ask(server + path)
        assert status == 403 or "/login" in url, f"/{path} without the token: {status}"
    listed = {item["name"] for item in json.loads(ask(server + "api/contents", token)[2])["content"]}
    notebooks = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert notebooks and notebooks <= listed, f"the list of files is {listed}"
    assert "kernel" not in listed, "the scripts are among the notebooks"
    specs = json.loads(ask(server + "api/kernelspecs", token)[2])
    assert list(specs["kernelspecs"]) == ["gonb"] and specs["default"] == "gonb", f"kernels are {specs}"


def run_a_cell(server, token):
    """Starts a kernel as the lab does, and has it print."""
    status, _, answer = ask(server + "api/kernels", token, name="gonb")
    assert status == 201, f"no kernel: {status}"
    connection = f"{os.environ['JUPYTER_RUNTIME_DIR']}/kernel-{json.loads(answer)['id']}.json"
    client = BlockingKernelClient(connection_file=connection)
    client.load_connection_file()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    printed = []
    client.execute_interactive(
        '%%\nfmt.Println("six times seven:", 6*7)',
        timeout=120,
        output_hook=lambda message: printed.append(message["content"].get("text", "")),
    )
    client.stop_channels()
    assert "six times seven: 42" in "".join(printed), f"a cell printed {printed}"
    return connection


def main():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        lab = Terminal(port, environment(home))
        try:
            server, token = lab.read(rf"(http://127\.0\.0\.1:{port}/)lab\?token=([0-9a-f]{{48}})\s").groups()
            patience = time.monotonic() + 60
            while not answers("127.0.0.1", port) and time.monotonic() < patience:
                time.sleep(0.05)  # the URL is printed a moment before
            assert not answers("127.0.0.2", port), "it serves more than 127.0.0.1"
            look(server, token)
            connection = run_a_cell(server, token)
            lab.ctrl_c()
            lab.read("Shut down")
            lab.ctrl_c()
            lab.read()
        except BaseException:
            print(lab.said)
            raise
        finally:
            if not lab.ended:
                os.killpg(lab.pid, signal.SIGTERM)
            os.waitpid(lab.pid, 0)
        kernels = [p.pid for p in psutil.process_iter(["cmdline"]) if connection in (p.info["cmdline"] or ())]
        assert not kernels, f"the lab is gone, its kernel {kernels} is not"
        # Go counts its own use there, and has its own switch for that: go telemetry off.
        written = [p for p in Path(home).rglob("*") if p.is_file() and Path(home, ".config/go") not in p.parents]
        assert not written, f"written into the home folder: {written}"
    print("the lab serves its notebooks to this machine alone, runs a cell, ends, and leaves the home folder alone")


if __name__ == "__main__":
    main()
