"""Asks JupyterLab in this container whether it is there; what no proxy is asked for."""

from http.client import HTTPConnection

server = HTTPConnection("127.0.0.1", 8888, timeout=4)
server.request("GET", "/api")
status = server.getresponse().status
raise SystemExit(0 if status == 200 else f"/api answers {status}")
