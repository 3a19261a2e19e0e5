"""JupyterLab in a container: as lab_config.py says, but reached through a published port."""

from jupyter_server.auth.identity import PasswordIdentityProvider
from jupyter_server.serverapp import ServerApp

c = get_config()  # noqa: F821 (Jupyter provides it)
load_subconfig("lab_config.py")  # noqa: F821

c.ServerApp.ip = "0.0.0.0"
c.ServerApp.port = 8888
c.ServerApp.open_browser = False

# The URL to open is the one that -p 127.0.0.1:8888:8888 makes. For an address such as 0.0.0.0
# Jupyter prints the container's name as well, which no browser knows, and a file in it.
ServerApp.no_browser_open_file = True
ServerApp.connect_url = ServerApp.local_url


class Guarded(PasswordIdentityProvider):
    """Serves nobody without a token or a password, whichever way it was taken off."""

    def validate_security(self, app, ssl_options=None):
        if not self.auth_enabled:
            app.exit(
                "The token is empty, and whoever reaches the port could run programs here. "
                "Leave JUPYTER_TOKEN out for a random one, or set one: docker run -e JUPYTER_TOKEN=…"
            )


c.ServerApp.identity_provider_class = Guarded
