"""A notebook whose last cell is run again and again: it loads a run and draws 10 samples.

The program is built anew every time, as it is for a reader who changes a cell.
"""

import json
import os
import sys
import tempfile
import time

from jupyter_client.manager import start_new_kernel

SAYS = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

BEFORE = [
    """
import (
	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/nets"
	"github.com/vaebook/vaebook/vaekit/show"
)

func digitModel() vaekit.Model {
	return vaekit.Model{Encoder: nets.MLP(256, 128), Latent: 2, Decoder: nets.MLP(128, 256)}
}
""",
    """
%%
digits := show.Must(datasets.MNIST())
show.Must(vaekit.Train(digitModel(), digits.Train, vaekit.Training{Dir: "run", Epochs: 1}))
""",
]

CELL = """
%%
run := show.Must(vaekit.Load("run"))
show.Images(show.Must(run.Sample(10, {seed})))
"""


def main():
    with tempfile.TemporaryDirectory() as folder:
        manager, client = start_new_kernel(kernel_name="gonb", startup_timeout=120, cwd=folder)
        seed = 0

        def run(code):
            said = []
            reply = client.execute_interactive(code, timeout=600, output_hook=lambda m: said.append(m["content"]))
            if reply["content"]["status"] != "ok":
                texts = [str(c.get("text") or c.get("evalue") or "") for c in said]
                raise SystemExit(" ".join("".join(texts).split())[-300:] or str(reply["content"]))

        def draw():
            nonlocal seed
            seed += 1
            began = time.perf_counter()
            run(CELL.format(seed=seed))
            return time.perf_counter() - began

        try:
            for cell in BEFORE:
                run(cell)
            draw()  # the first one compiles what later ones find
            print(json.dumps({"version": ""}), file=SAYS)
            for line in sys.stdin:
                wanted, taken = float(line), []
                while sum(taken) < wanted:
                    taken.append(draw())
                print(json.dumps({"steps": len(taken), "seconds": sum(taken)}), file=SAYS)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


main()
