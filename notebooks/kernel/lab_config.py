"""JupyterLab as the notebooks need it: this machine only, no network, no questions."""

import os
from pathlib import Path

import nbformat
from nbformat.sign import NotebookNotary

c = get_config()  # noqa: F821 (Jupyter provides it)

c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port_retries = 0  # lab.sh has chosen a free one, and said so
c.ServerApp.log_level = "WARN"  # the URL is still printed

# The browser is on this machine: nobody between them closes an idle connection, so there is
# no need to keep it busy. Left alone, the server warns about its own intervals.
c.ServerApp.tornado_settings = {"ws_ping_interval": 0}

# The list of notebooks is what one sees first; the scripts beside them stay out of it.
c.ServerApp.default_url = "/lab"
c.ContentsManager.hide_globs = ["kernel", "__pycache__", ".*"]

# Go is the only kernel, also where the machine has others for all its users: with one of
# them no cell of these notebooks would run.
c.KernelSpecManager.ensure_native_kernel = False
c.KernelSpecManager.allowed_kernelspecs = {"gonb"}
c.MultiKernelManager.default_kernel_name = "gonb"

# Nothing asks the network: no news pop-up, no check for updates, no extension catalogue.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"

# Language servers of other languages are not looked for: npm would be asked for them, and
# writes into the home folder.
c.LanguageServerManager.autodetect = False

# Lines that cells print break between words where they do not fit, and not within.
c.LabApp.custom_css = True
custom = Path(os.environ["JUPYTER_CONFIG_DIR"]) / "custom/custom.css"
if not custom.exists():  # a reader's own stays
    custom.parent.mkdir(parents=True, exist_ok=True)
    custom.write_text(".jp-OutputArea-output pre { word-break: normal; }\n")

# What the book ships is trusted, so that its players and explorers work before any cell has
# run. Whoever can write there can write the scripts that serve it, so this opens no door.
# A signature is of the content: it counts for a copy in another folder too. Here and not in
# a script of its own, because the import above takes a second, and the server has it anyway.
signatures = Path(os.environ["JUPYTER_DATA_DIR"])
signatures.mkdir(parents=True, exist_ok=True)
with NotebookNotary(data_dir=str(signatures)) as notary:
    for path in Path(__file__).resolve().parents[1].glob("[0-9][0-9]-*.ipynb"):
        try:
            notary.sign(nbformat.read(path, as_version=4))
        except Exception as broken:  # half merged, say: the others are served
            print(f"{path.name} cannot be read, so it is not trusted: {broken}")
