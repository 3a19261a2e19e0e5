"""Builds and runs the image where there is no Docker: buildah builds, and Linux itself runs.

Base images cannot be pulled without a registry, so what the Dockerfile's FROM lines name
is made here: Debian by debootstrap from the mirror that this machine's apt uses, and of
golang's image the one folder that the Dockerfile takes from it. What lets this machine
reach its registries (certificates, pip's and Go's settings) goes into those bases.

A container is an overlay on the image's files, namespaces for processes and mounts, and
chroot. All share one network namespace, which holds nothing but loopback.
"""

import ast
import ctypes
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEEP = ROOT / ".setup/docker"  # Debian's files, for the next time
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
DISK = (40 if os.environ.get("CUDA") else 16) << 30  # bytes that a build may take
CLONE_NEWNS, CLONE_NEWNET = 0x20000, 0x40000000

# The mounts of one container; what is in capitals comes from the environment.
START = r"""
set -eu
mkdir "$WORK/root" "$WORK/upper" "$WORK/work"
mount -t overlay overlay -o "lowerdir=$IMAGE,upperdir=$WORK/upper,workdir=$WORK/work" "$WORK/root"
cd "$WORK/root"
[ -z "$MINE" ] || { mkdir mine && mount --bind "$MINE" mine; }
mount -t proc proc proc
mount --rbind /dev dev
if [ -n "$READ_ONLY" ]; then
	mount -t tmpfs -o mode=1777,exec tmpfs tmp
	mount -o remount,ro,bind .
fi
exec chroot --userspec="$USER_GROUP" --groups=100 . /usr/bin/env -i -C "$FOLDER" "$@"
"""


def run(*command, **options):
    return subprocess.run([str(c) for c in command], check=True, **options)


def output(*command, **options):
    return subprocess.check_output([str(c) for c in command], text=True, **options)


def apart(kind):
    """Gives this process, and all that it starts, a namespace of its own."""
    if ctypes.CDLL(None, use_errno=True).unshare(kind):
        raise OSError(ctypes.get_errno(), "no namespace of our own: this needs root")


def missing():
    """The Debian packages that this needs and that are not here."""
    tools = {"buildah": "buildah", "debootstrap": "debootstrap", "unshare": "util-linux", "chroot": "coreutils"}
    packages = [package for tool, package in tools.items() if not shutil.which(tool)]
    return packages if find_spec("pip") else [*packages, "python3-pip"]  # which knows how it reaches its registry


class Container:
    """A process with the image's files around it."""

    def __init__(self, process):
        self.process = process

    def address(self):
        return "http://127.0.0.1:8888"

    def stop(self):
        """As docker stop does: a word to process 1. Whether it listened."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for first in children:
            os.kill(int(first), signal.SIGTERM)
        try:
            self.process.wait(10)
            return True
        except subprocess.TimeoutExpired:
            self.process.kill()  # unshare takes its children along
            self.process.wait()
            return False


class Buildah:
    name = "buildah, on bases made here"

    def __init__(self):
        if os.geteuid() != 0:
            raise SystemExit("docker-test without Docker needs root, for chroot and mounts. Start a Docker daemon, or run it as root.")
        if packages := missing():
            raise SystemExit(f"docker-test without Docker needs a few packages of Debian: apt-get install {' '.join(packages)}")
        KEEP.mkdir(parents=True, exist_ok=True)
        self.lock = (KEEP / "lock").open("w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)  # another test would take the same port
        for left in KEEP.glob("store*"):  # by one that was killed
            left.unlink() if left.is_file() else shutil.rmtree(left)
        if shutil.disk_usage(KEEP).free < DISK:
            raise SystemExit(f"docker-test needs {DISK >> 30} GB of disk while it runs, for all stages of the build. Free some.")
        apart(CLONE_NEWNS)  # so that no mount outlives this process
        run("mount", "--make-rprivate", "/")
        self.place = Path(tempfile.mkdtemp(prefix="store", dir=KEEP))
        self.disk = self.place.with_suffix(".img")
        self.mount_disk()
        self.driver, self.based = "overlay", False
        self.config, self.files = {}, Path()  # of the image that was chosen

    def mount_disk(self):
        """A disk in a file, for the hundred thousand files of a build: it goes at once, where
        removing them one by one takes minutes on some disks. Without loop devices they lie
        in the folder itself."""
        with self.disk.open("wb") as file:
            file.truncate(DISK)
        try:
            run("mkfs.ext4", "-q", "-O", "^has_journal", self.disk, stderr=subprocess.DEVNULL)
            run("mount", "-o", "loop", self.disk, self.place, stderr=subprocess.DEVNULL)
        except (FileNotFoundError, subprocess.CalledProcessError):
            self.disk.unlink()

    def buildah(self, *words, **options):
        store = ("--root", self.place / "root", "--runroot", self.place / "run", "--storage-driver", self.driver)
        return run("buildah", *store, *words, **options)

    def ask(self, *words):
        return self.buildah(*words, stdout=subprocess.PIPE, text=True).stdout

    def close(self):
        """Takes everything away but Debian's files."""
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        for mount in sorted((m for m in mounts if f"{m}/".startswith(f"{self.place}/")), reverse=True):
            subprocess.run(["umount", mount], check=False)
        shutil.rmtree(self.place)
        self.disk.unlink(missing_ok=True)

    # Bases.

    def bases(self):
        self.based = True
        try:
            self.buildah("images", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except subprocess.CalledProcessError:  # no overlay in this kernel, or not on this file system
            self.driver = "vfs"
        for name in re.findall(r"^FROM (\S+:\S+) AS", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
            container = self.ask("from", "scratch").strip()
            files = Path(self.ask("mount", container).strip())
            (self.golang if name.startswith("golang:") else self.debian)(files)
            self.buildah("umount", container, stdout=subprocess.DEVNULL)
            self.buildah("commit", "--quiet", "--rm", container, f"docker.io/library/{name}", stdout=subprocess.DEVNULL)

    def debian(self, files):
        """Debian as its smallest set-up is, with this machine's way to its registries."""
        archive = KEEP / "debian.tar"
        sources = self.sources()
        if not archive.exists():
            with tempfile.TemporaryDirectory(dir=KEEP) as tree:
                include = ["--include=ca-certificates"] if sources[0].startswith("https:") else []
                run("debootstrap", "--variant=minbase", *include, "bookworm", tree, sources[0].split()[0], stdout=subprocess.DEVNULL)
                shutil.rmtree(f"{tree}/var/cache/apt/archives")
                run("tar", "-C", tree, "-cf", f"{archive}.new", ".")
            os.replace(f"{archive}.new", archive)
        run("tar", "-C", files, "-xf", archive)
        (files / "etc/apt/sources.list").write_text("".join(f"deb {source} main\n" for source in sources))
        told = output("apt-config", "dump", "Acquire").splitlines()
        (files / "etc/apt/apt.conf.d/90here").write_text("\n".join(x for x in told if re.match(r"Acquire::(https?|Check)", x)) + "\n")
        if BUNDLE.exists():
            trusted = files / "usr/local/share/ca-certificates"  # which the package ca-certificates reads
            trusted.mkdir(parents=True, exist_ok=True)
            shutil.copy(BUNDLE, trusted / "here.crt")
        pip = {}
        for line in sorted(output("python3", "-m", "pip", "config", "list").splitlines(), reverse=True):
            key, _, value = line.partition("=")  # the environment's come last, and count
            pip[key.rpartition(".")[2]] = ast.literal_eval(value)
        if "cert" in pip:
            pip["cert"] = str(BUNDLE)
        lines = (f"{key} = {value}".replace("\n", "\n  ") for key, value in pip.items())
        (files / "etc/pip.conf").write_text("\n".join(["[global]", *lines]) + "\n")

    def sources(self):
        """Where this machine's apt finds Debian 12: a mirror first, then updates to it."""
        told = output("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages", "Origin: Debian")
        found = list(dict.fromkeys(line for line in told.splitlines() if line))
        mirror = next((line.split()[0] for line in found if "/" in line and not re.search(r"-(security|updates|backports)$", line)), None)
        if not mirror:
            raise SystemExit("apt-get knows no mirror of Debian, which the image's base is made from: look at /etc/apt/sources.list")
        return [f"{mirror} bookworm"] + [line for line in found if re.search(r" bookworm-(security|updates)$", line)]

    def golang(self, files):
        """Go as golang's image has it, which is where go.mod's tool chain lies here."""
        there = files / "usr/local/go"
        tree = output("go", "env", "GOROOT", cwd=ROOT, env=os.environ | {"GOTOOLCHAIN": "auto"}).strip()
        there.parent.mkdir(parents=True)
        run("cp", "-a", tree, there)
        run("chmod", "-R", "u+w", there)
        ways = json.loads(output("go", "env", "-json", "GOPROXY", "GONOPROXY", "GOSUMDB", "GONOSUMDB", "GOINSECURE", cwd=ROOT))
        (there / "go.env").write_text("".join(f"{key}={value}\n" for key, value in ways.items() if value) + "GOTOOLCHAIN=auto\n")

    # The image.

    def build(self, target):
        """The image's layers: bytes and the step that made them."""
        if not self.based:
            self.bases()
        words = ["build", "--isolation", "chroot", "--format", "docker", "--layers", "--pull-never", "--jobs", "2"]
        words += ["--target", target] if target != "cpu" else []
        for name in ("http_proxy", "https_proxy", "no_proxy"):
            words += ["--build-arg", f"{name}={os.environ[name]}"] if os.environ.get(name) else []
        image = f"localhost/vaebook:{target}"
        self.buildah(*words, "--tag", image, ROOT)
        steps = [step["created_by"] for step in self.told(image)["history"] if not step.get("empty_layer")]
        return list(zip(self.sizes(image), steps, strict=True))

    def told(self, image):
        return json.loads(self.ask("inspect", "--type", "image", image))["Docker"]

    def choose(self, target):
        """Which image containers are started from."""
        image = f"localhost/vaebook:{target}"
        self.config = self.told(image)["config"]
        self.files = Path(self.ask("mount", self.ask("from", image).strip()).strip())

    def sizes(self, image):
        """Bytes of the image's layers, first to last, as the store knows them."""
        images, layers = (json.loads((self.place / f"root/{self.driver}-{kind}/{kind}.json").read_text()) for kind in ("images", "layers"))
        by_id = {layer["id"]: layer for layer in layers}
        layer = next(entry["layer"] for entry in images if image in entry.get("names", []))
        sizes = []
        while layer:
            sizes.append(by_id[layer]["diff-size"])
            layer = by_id[layer].get("parent")
        return sizes[::-1]

    def without_network(self):
        """This process and all that it starts: loopback alone."""
        apart(CLONE_NEWNET)
        with socket.socket() as any_socket:
            fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 1 | 64))  # SIOCSIFFLAGS: up, running

    def start(self, *command, user="1000:100", mine="", read_only=False, env=(), served=False):
        """A container; none has a network, so it does not matter here whether it is served."""
        del served
        home = "/home/vaebook" if user.startswith("1000:") else "/"
        settings = [*self.config["Env"], f"HOME={home}", *env]
        variables = {
            "IMAGE": self.files, "WORK": tempfile.mkdtemp(dir=self.place), "MINE": mine,
            "READ_ONLY": "1" if read_only else "", "USER_GROUP": user, "FOLDER": self.config["WorkingDir"],
        }
        process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", START, "sh",
             *settings, *self.config["Entrypoint"], *command],
            env=os.environ | {key: str(value) for key, value in variables.items()},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        return Container(process)

    def healthy(self, container):
        """Asks as the image's HEALTHCHECK does, beside the server."""
        del container
        command = self.config["Healthcheck"]["Test"]
        assert command[0] == "CMD", f"HEALTHCHECK is {command}"
        return subprocess.run(["chroot", "--userspec=1000:100", self.files, *command[1:]], check=False).returncode == 0
