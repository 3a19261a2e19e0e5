"""Kills set-up with SIGKILL a dozen times, in a copy of the repository, and then runs it to
its end: what it made must be what a set-up makes that nobody disturbed, this checkout's.
So must it be after parts of it were deleted.

Go's caches serve both; Python's packages are downloaded again.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Each step, about how long it takes, and a part of it.
STEPS = {
    "python": (20, "venv/bin/python"),
    "tools": (4, "bin/gopls"),
    "kernel": (0.3, "venv/share/jupyter/kernels/gonb/kernel.json"),
    "pjrt": (2, "pjrt/pjrt_c_api_cpu_plugin.so"),
    "data": (0.05, "data/mnist/train-images-idx3-ubyte.gz"),
    "build": (0.5, None),
}


def set_up(copy, said):
    """Starts a set-up as a process group; its words go into a file."""
    mine = ("VAEKIT_", "PJRT_")  # env.sh would take them over
    env = {k: v for k, v in os.environ.items() if not k.startswith(mine)}
    with said.open("w") as words:
        return subprocess.Popen(
            ["sh", "notebooks/kernel/setup.sh"],
            cwd=copy, env=env, stdout=words, stderr=words, start_new_session=True,
        )


def finish(copy, said):
    if set_up(copy, said).wait():
        sys.exit(f"It does not go on where it stopped:\n{said.read_text()}")


def kill(copy, said, step, alone):
    """Kills a set-up at a random moment of a step; alone, without the programs it runs."""
    (copy / ".setup/stamp" / step).unlink(missing_ok=True)  # or it might be done by now
    job = set_up(copy, said)
    number = f"  {list(STEPS).index(step) + 1}/"
    while number not in said.read_text() and job.poll() is None:
        time.sleep(0.01)
    moment = random.uniform(0, STEPS[step][0])
    try:
        job.wait(moment)
        print(f"  {step}: ended before", flush=True)
    except subprocess.TimeoutExpired:
        (os.kill if alone else os.killpg)(job.pid, signal.SIGKILL)
        job.wait()
        print(f"  {step}: killed {moment:.1f} s after it began" + (", its children not" if alone else ""), flush=True)


def files(setup):
    """All that a set-up made, by name; without what programs write when they run."""
    passing = re.compile(r"(log|cache|jupyter|stamp|lock)(/|$)|docker/|pjrt/(cuda|nvidia)/|data/(?!mnist/)|.*(__pycache__/|/RECORD$|/page_config.json$)")
    names = (str(path.relative_to(setup)) for path in setup.rglob("*") if path.is_file())
    return {name for name in names if not passing.match(name)}


def differences(copy):
    """Where it is not what this checkout has, in words."""
    whole, made = files(ROOT / ".setup"), files(copy / ".setup")
    yield from (f"missing: {name}" for name in whole - made)
    yield from (f"left over: {name}" for name in made - whole)
    for name in whole & made:
        there = (copy / ".setup" / name).read_bytes().replace(os.fsencode(copy), os.fsencode(ROOT))
        if there != (ROOT / ".setup" / name).read_bytes():
            yield f"differs: {name}"


def check(copy, when):
    if found := list(differences(copy)):
        sys.exit(f"{when}:\n" + "\n".join(found[:20]))


def main():
    with tempfile.TemporaryDirectory() as tmp:
        copy, said = Path(tmp).resolve() / "copy", Path(tmp) / "said"
        for name in subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")[:-1]:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
        for step in STEPS:
            for alone in (False, True):
                kill(copy, said, step, alone)
        finish(copy, said)
        check(copy, "killed and run to its end")
        for _, part in STEPS.values():
            if part and (copy / ".setup" / part).exists():
                (copy / ".setup" / part).unlink()
        finish(copy, said)
        check(copy, "deleted in part and run again")
    print("a set-up that was killed, or deleted in part, is made whole by the next")


if __name__ == "__main__":
    main()
