"""JupyterLab as the notebooks need it: this machine only, no network, no questions."""

c = get_config()  # noqa: F821 (Jupyter provides it)

c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port_retries = 0  # lab.sh has chosen a free one, and said so
c.ServerApp.log_level = "WARN"  # the URL is still printed

# The list of notebooks is what one sees first; the scripts beside them stay out of it.
c.ServerApp.default_url = "/lab"
c.ContentsManager.hide_globs = ["kernel", "__pycache__", ".*"]

# Go is the only kernel.
c.KernelSpecManager.ensure_native_kernel = False
c.MultiKernelManager.default_kernel_name = "gonb"

# Nothing asks the network: no news pop-up, no check for updates, no extension catalogue.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"

# Language servers of other languages are not looked for: npm would be asked for them, and
# writes into the home folder.
c.LanguageServerManager.autodetect = False
