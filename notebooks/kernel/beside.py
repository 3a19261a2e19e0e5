"""Several pieces of work at once, each in a process of its own on its share of the cores.

Go links and XLA compiles on one core, and small models train little faster on two: a dense
one saw 23.8 thousand digits a second on two cores, two at once on one core each 35.4 thousand.
"""

import multiprocessing
import os
import signal
import sys
import tempfile
from multiprocessing.connection import wait


def shares(jobs):
    """The cores of each job. An empty list means all: fewer cores than jobs, or a system that keeps no process to some."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
    return [cores[len(cores) * i // jobs : len(cores) * (i + 1) // jobs] for i in range(jobs)]


def alone(work, item, cores, said):
    """Works on an item in this process, which ends with 0 where it was well done."""
    if cores:
        os.sched_setaffinity(0, cores)
    sys.stdout = sys.stderr = said
    sys.exit(not work(item))


def each(work, items, jobs=1, clash=lambda one, other: False):
    """Yields every item and whether work(item) was true, as they are done.

    One job works here, and what it prints is seen as it comes. Of several, what an item
    printed is seen when it is done; one whose work raises or whose process ends is not
    well done, and leaves the others at theirs. Items that clash are worked on in turn.
    """
    items = list(items)
    jobs = max(1, min(jobs, len(items)))
    if jobs == 1:
        yield from ((item, bool(work(item))) for item in items)
        return
    for number in (signal.SIGINT, signal.SIGTERM):  # none outlives this one
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    fork = multiprocessing.get_context("fork")  # it has all that this process has imported
    free, busy = shares(jobs), {}
    try:
        while items or busy:
            before = [item for _, item, _, _ in busy.values()]
            for item in list(items):
                if free and not any(clash(item, other) for other in before):
                    items.remove(item)
                    said, cores = tempfile.TemporaryFile("w+", buffering=1), free.pop(0)
                    process = fork.Process(target=alone, args=(work, item, cores, said))
                    process.start()
                    busy[process.sentinel] = process, item, cores, said
                before.append(item)
            for sentinel in wait(list(busy)):
                process, item, cores, said = busy.pop(sentinel)
                process.join()
                free.append(cores)
                said.seek(0)
                print(said.read(), end="")
                if process.exitcode < 0:
                    print(f"ended by signal {-process.exitcode}")
                sys.stdout.flush()
                yield item, process.exitcode == 0
    finally:
        for process, *_ in busy.values():
            process.terminate()
        for process, *_ in busy.values():
            process.join(20)
            process.kill()
