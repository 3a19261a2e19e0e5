"""A reader's terminal, in which `make lab` was typed: for the tests that open the real JupyterLab."""

import contextlib
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

ROOT = Path(__file__).resolve().parents[2]


def environment(home, jupyter):
    """A reader's: a home and Jupyter's files of his own, Go's caches where they are, and no screen for a browser."""
    ours = ("XDG_", "MAKE", "MFLAGS", "DISPLAY", "WAYLAND_DISPLAY", "PORT", "NOTEBOOKS")
    env = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    for name in ("GOCACHE", "GOMODCACHE", "GOPATH"):
        env[name] = subprocess.check_output(["go", "env", name], text=True, cwd=ROOT).strip()
    return env | {"HOME": str(home), "VAEKIT_JUPYTER": str(jupyter), "BROWSER": "true"}


class Terminal:
    """A terminal in which somebody typed `make lab` and these words."""

    def __init__(self, env, *words):
        self.said, self.ended = "", False
        self.pid, self.screen = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.execvpe("make", ["make", "lab", *words], env)

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

    def address(self):
        """What the lab prints: the server, its port and its token. It answers from now on."""
        server, port, token = self.read(r"(http://127\.0\.0\.1:(\d+)/)lab\?token=([0-9a-f]{48})\s").groups()
        patience = time.monotonic() + 60
        while not answers("127.0.0.1", int(port)) and time.monotonic() < patience:
            time.sleep(0.05)  # the URL is printed a moment before
        return server, int(port), token

    def ctrl_c(self):
        os.write(self.screen, b"\x03")

    def stop(self):
        """Stops the lab as a reader does."""
        self.ctrl_c()
        self.read("Shut down")
        self.ctrl_c()
        self.read()


def answers(address, port):
    """Whether somebody listens there."""
    with socket.socket() as caller:
        caller.settimeout(5)
        return caller.connect_ex((address, port)) == 0


def free_port():
    """A port that nobody holds."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def ask(url, token=None, **body):
    """The status, the address after redirections, and the answer; no proxy is asked."""
    headers = {"Authorization": f"token {token}"} if token else {}
    data = json.dumps(body).encode() if body else None
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(urllib.request.Request(url, data, headers), timeout=30) as answer:
            return answer.status, answer.url, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.url, b""


def untouched(home):
    """Nothing was written into the home folder."""
    # Go counts its own use there, and has its own switch for that: go telemetry off.
    written = [p for p in home.rglob("*") if p.is_file() and home / ".config/go" not in p.parents]
    assert not written, f"written into the home folder: {written}"


@contextlib.contextmanager
def lab(*words):
    """A lab that a reader opened, from an empty home folder: the terminal, the home, Jupyter's folder."""
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as jupyter:
        terminal = Terminal(environment(home, jupyter), *words)
        try:
            yield terminal, Path(home), Path(jupyter)
        except BaseException:
            print(terminal.said)
            raise
        finally:
            if not terminal.ended:
                os.killpg(terminal.pid, signal.SIGTERM)
            os.waitpid(terminal.pid, 0)
