"""Builds and runs the image with Docker, for docker_test.py."""

import itertools
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MINE = f"vaebook-test-{os.getpid()}"


def docker(*words, **options):
    return subprocess.run(["docker", *map(str, words)], check=True, text=True, **options)


def said(*words):
    return docker(*words, stdout=subprocess.PIPE).stdout


def works():
    """Whether there is a daemon that answers."""
    return bool(shutil.which("docker")) and subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


class Container:
    def __init__(self, process, name):
        self.process, self.name = process, name

    def address(self):
        return "http://" + said("port", self.name, "8888").split()[0]

    def stop(self):
        """Whether it listened to the first word, and was not killed after ten seconds."""
        begin = time.monotonic()
        docker("stop", "--time", "10", self.name, stdout=subprocess.DEVNULL)
        self.process.wait()
        return time.monotonic() - begin < 10


class Docker:
    name = "Docker"

    def __init__(self):
        self.image, self.numbers = None, itertools.count()

    def build(self, target):
        """The image's layers: bytes and the step that made them."""
        self.choose(target)
        words = ["--target", target] if target != "cpu" else []
        docker("build", *words, "--tag", self.image, ROOT)
        rows = said("history", "--no-trunc", "--human=false", "--format", "{{json .}}", self.image).splitlines()
        layers = [json.loads(row) for row in reversed(rows)]
        return [(int(row["Size"]), row["CreatedBy"]) for row in layers if int(row["Size"])]

    def choose(self, target):
        """Which image containers are started from."""
        self.image = f"{MINE}:{target}"

    def without_network(self):
        """Each container is told when it starts."""

    def start(self, *command, user="", mine="", read_only=False, env=(), served=False):
        name = f"{MINE}-{next(self.numbers)}"
        words = ["run", "--rm", "--name", name]
        words += ["--publish", "127.0.0.1:0:8888"] if served else ["--network", "none"]
        words += ["--user", user] if user else []
        words += ["--volume", f"{mine}:/mine"] if mine else []
        words += ["--read-only", "--tmpfs", "/tmp:exec"] if read_only else []
        for setting in env:
            words += ["--env", setting]
        process = subprocess.Popen(
            ["docker", *words, self.image, *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        return Container(process, name)

    def healthy(self, container):
        """Runs the image's HEALTHCHECK where Docker does, without waiting for its turn."""
        command = json.loads(said("inspect", "--format", "{{json .Config.Healthcheck.Test}}", self.image))
        return subprocess.run(["docker", "exec", container.name, *command[1:]], check=False).returncode == 0

    def close(self):
        for target in ("cpu", "cuda"):
            subprocess.run(["docker", "image", "rm", "--force", f"{MINE}:{target}"], capture_output=True, check=False)
