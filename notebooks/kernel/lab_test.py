"""Opens the real JupyterLab as a reader does, in a terminal and from a home folder of its
own, where another Jupyter's kernel is installed and the usual port is taken; looks at it,
runs a cell in it, and stops it with Ctrl-C."""

import contextlib
import json
import socket

import psutil
from jupyter_client import BlockingKernelClient
from terminal import ROOT, answers, ask, lab, untouched

USUAL = 8888
STRANGER = {"argv": ["python3", "-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "Python 3", "language": "python"}


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


def run_a_cell(server, token, jupyter):
    """Starts a kernel as the lab does, and has it print."""
    status, _, answer = ask(server + "api/kernels", token, name="gonb")
    assert status == 201, f"no kernel: {status}"
    connection = str(jupyter / f"runtime/kernel-{json.loads(answer)['id']}.json")
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


def visit():
    with lab() as (terminal, home, jupyter):
        other = jupyter / "data/kernels/python3"
        other.mkdir(parents=True)
        (other / "kernel.json").write_text(json.dumps(STRANGER))

        server, port, token = terminal.address()
        assert f"Port {USUAL} is taken; serving on {port} instead." in terminal.said and port != USUAL
        assert not answers("127.0.0.2", port), "it serves more than 127.0.0.1"
        look(server, token)
        connection = run_a_cell(server, token, jupyter)
        terminal.stop()
        kernels = [p.pid for p in psutil.process_iter(["cmdline"]) if connection in (p.info["cmdline"] or ())]
        assert not kernels, f"the lab is gone, its kernel {kernels} is not"
        untouched(home)


def main():
    with socket.socket() as holder:
        with contextlib.suppress(OSError):  # somebody has it already
            holder.bind(("127.0.0.1", USUAL))
        visit()
    print("the lab serves its notebooks to this machine alone, runs a cell, ends, and leaves the home folder alone")


if __name__ == "__main__":
    main()
