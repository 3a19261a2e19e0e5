"""What the peers share: the data, the order of the batches, and taking turns.

A peer is started with one argument, a JSON object that says what to train and how. It
trains the epochs that its losses are compared over, says so in one line of JSON, and then
waits: for every line "SECONDS" on its standard input it trains about that long and answers
with {"steps": …, "seconds": …}. It ends when its input does.
"""

import json
import os
import sys
import time

import numpy as np

SAYS = os.fdopen(os.dup(1), "w", buffering=1)  # what libraries print must not get between
os.dup2(2, 1)

SPEC = json.loads(sys.argv[1])
ENCODER, DECODER = SPEC["encoder"], SPEC["decoder"]
SHAPE, LATENT, BATCH = SPEC["shape"], SPEC["latent"], SPEC["batch"]
BYTES = SPEC["sigma"] == 0  # values are bytes, v for v/255, and Bernoulli; else float32 and Gaussian
SIGMA, RATE, MODE = SPEC["sigma"], SPEC["rate"], SPEC["mode"]


def data():
    """All examples, [examples, values]."""
    return np.fromfile(SPEC["data"], np.uint8 if BYTES else np.float32).reshape(SPEC["examples"], -1)


def orders():
    """Indices of the examples that the next steps see, [chunk, batch], for ever."""
    steps = SPEC["examples"] // BATCH
    chunk = SPEC["chunk"]
    rng = np.random.default_rng(0)
    while True:
        epoch = rng.permutation(SPEC["examples"])[: steps * BATCH].reshape(steps, BATCH).astype(np.int32)
        for first in range(0, steps, chunk):
            yield epoch[first : first + chunk]


def serve(build, version):
    """Build makes, of the data, a function that trains on indices [chunk, batch] and returns the losses."""
    values = data()
    order = orders()
    began = time.perf_counter()
    take = build(values)
    del values
    first_losses = take(next(order))
    first = time.perf_counter() - began
    losses = [float(loss) for loss in first_losses]
    steps = SPEC["examples"] // BATCH
    while len(losses) < steps * SPEC["epochs"]:
        losses += [float(loss) for loss in take(next(order))]
    means = [float(np.mean(losses[e * steps : (e + 1) * steps])) for e in range(SPEC["epochs"])]
    print(json.dumps({"first": first, "losses": means, "version": version}), file=SAYS)
    for line in sys.stdin:
        wanted, steps, began = float(line), 0, time.perf_counter()
        while True:
            steps += len(take(next(order)))
            seconds = time.perf_counter() - began
            if seconds >= wanted:
                break
        print(json.dumps({"steps": steps, "seconds": seconds}), file=SAYS)
