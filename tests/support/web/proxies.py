"""Real reverse proxies on loopback: a Caddy or an nginx that hands on what comes below a path."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from support.run.serving import eventually

CADDY = """{{
	admin off
	auto_https off
}}
http://127.0.0.1:{port} {{
	{handle} {base}/* {{
		reverse_proxy 127.0.0.1:{door}
	}}
	handle {{
		respond "the static site: not found" 404
	}}
}}
"""
NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
	access_log off;
	client_body_temp_path {folder}/body;
	proxy_temp_path {folder}/proxy;
	fastcgi_temp_path {folder}/fastcgi;
	uwsgi_temp_path {folder}/uwsgi;
	scgi_temp_path {folder}/scgi;
	server {{
		listen 127.0.0.1:{port};
		location {base}/ {{
			proxy_pass http://127.0.0.1:{door}{slash};
			proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
		}}
		location / {{
			return 404 "the static site: not found";
		}}
	}}
}}
"""


@contextlib.contextmanager
def proxy(name: str, folder: Path, port: int, door: int, base: str, *, kept: bool) -> Iterator[str]:
    """Caddy or nginx at `port`, before a server at `door`, below `base`, which is handed on if `kept`; gives its URL.

    Host is what each proxy makes of it by itself. Skips where the proxy is not installed.
    """
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    folder.mkdir()
    configuration = folder / f"{name}.conf"
    places = {"folder": folder, "port": port, "door": door, "base": base}
    if name == "caddy":
        text = CADDY.format(handle="handle" if kept else "handle_path", **places)
        command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(configuration)]
    else:
        text = NGINX.format(slash="" if kept else "/", **places)
        command = ["nginx", "-p", str(folder), "-c", str(configuration)]
    configuration.write_text(text)
    with (folder / "log").open("wb") as log:
        own = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
        process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=folder, env=os.environ | own
        )
        try:
            url = f"http://127.0.0.1:{port}"
            eventually(lambda: _answers(process, url, folder), what=f"an answer of {name}")
            yield url
        finally:
            process.terminate()
            process.wait(20)


def _answers(process: subprocess.Popen[bytes], url: str, folder: Path) -> bool:
    assert process.poll() is None, (folder / "log").read_text()
    try:
        return urllib3.request("GET", url, retries=False).status == 404
    except urllib3.exceptions.HTTPError:
        return False
