"""
Each proxy, and penstock itself: what it is told, and how it is started.

The settings are those that its manual recommends, and as few as will do.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from processes import Penstock, Process, freePort


@dataclass(slots=True)
class Place:
    """
    Where a stage is started.

    @ivar folder: for its files.
    @ivar port: where the next stage listens for HTTP; 0 if on a unix socket.
    @ivar path: of that socket.
    @ivar rpc: where it listens for RPC; 0 if it doesn't.
    @ivar files: the folder that the tree serves.
    """

    folder: Path
    port: int
    path: Path
    rpc: int
    files: Path


@dataclass(slots=True)
class Running:
    """
    A stage.

    @ivar port: where it listens for HTTP.
    """

    process: Process
    port: int
    rpc: int = 0


Start = Callable[[Place], Running]

# Whom a proxy runs as, where it would otherwise be root.
USER = "nobody" if os.geteuid() == 0 else None

NGINX = """
daemon off;
worker_processes 2;
pid {folder}/pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {http}
}}
"""

FORWARDING = """
    client_max_body_size 16m;
    {http}
    upstream next {{
        server {next};
        {upstream}
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass {scheme}://next;
            proxy_set_header Host $http_host;
            {facts}
            {location}
        }}
    }}
"""

ORIGIN = """
    types {{ text/plain txt; text/css css; text/html html; }}
    default_type application/octet-stream;
    gzip on;
    gzip_types text/css text/plain;
    # So that connections go while somebody would like to use them.
    keepalive_requests 20;
    keepalive_timeout 50ms;
    lingering_timeout 1s;
    server {{
        listen 127.0.0.1:{port};
        root {files};
        client_max_body_size 300k;
        location /put/ {{
            root {folder};
            dav_methods PUT DELETE;
            create_full_put_path on;
        }}
        location = /moved {{ return 301 /note.txt; }}
        location = /gone {{ return 410; }}
        location = /nothing {{ return 204; }}
        location = /hangup {{ return 444; }}
        location /old/ {{
            # By itself, and in HTTP/1.0, which it hears without a length.
            proxy_pass http://127.0.0.1:{port}/;
            proxy_buffering off;
        }}
    }}
"""

FORWARD_FOR = """
    http-request set-header X-Forwarded-Proto http
    option forwardfor
"""

HAPROXY = """
global
    maxconn 1000
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    {defaults}
frontend front
    bind 127.0.0.1:{port}
    {front}
    default_backend back
backend back
    server next {next} {server}
"""

VARNISH = """
vcl 4.1;
backend default {{
    {next}
    {backend}
}}
sub vcl_recv {{
    set req.http.X-Forwarded-Proto = "http";
    {receive}
}}
"""

SQUID = """
http_port 127.0.0.1:{port} accel defaultsite=site.example vhost
cache_peer 127.0.0.1 parent {next} 0 no-query originserver login=PASSTHRU name=next
cache_peer_access next allow all
http_access allow all
never_direct allow all
request_header_access X-Forwarded-Proto deny all
request_header_add X-Forwarded-Proto http all
pid_filename {folder}/pid
access_log none
cache_log {folder}/cache.log
cache_store_log none
coredump_dir {folder}
visible_hostname proxy.example
shutdown_lifetime 0 seconds
pinger_enable off
{more}
"""


def _start(place: Place, command: list[str], port: int) -> Running:
    process = Process(command, place.folder / "log", user=USER)
    try:
        process.awaitPort(port)
    except BaseException:
        process.stop()
        raise
    return Running(process, port)


def _startNginx(place: Place, http: str, port: int) -> Running:
    """
    @param http: what is special about it.
    """
    config = place.folder / "nginx.conf"
    config.write_text(NGINX.format(folder=place.folder, http=http))
    command = ["nginx", "-p", str(place.folder), "-c", str(config)]
    return _start(place, [*command, "-e", str(place.folder / "error.log")], port)


_FACTS = """
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
"""


def nginx(
    http: str = "",
    upstream: str = "",
    location: str = "",
    facts: str = _FACTS,
    scheme: str = "http",
) -> Start:
    """
    @param scheme: of the next stage.
    @param facts: what is said of the client.
    @param location: more about the place where it passes on.
    """

    def start(place: Place) -> Running:
        port = freePort()
        forwarding = FORWARDING.format(
            next=f"127.0.0.1:{place.port}" if place.port else f"unix:{place.path}",
            port=port,
            http=http.format(folder=place.folder),
            upstream=upstream,
            location=location,
            facts=facts,
            scheme=scheme,
        )
        return _startNginx(place, forwarding, port)

    return start


def origin(place: Place) -> Running:
    """
    nginx by itself, with the files.
    """
    port = freePort()
    serving = ORIGIN.format(folder=place.folder, files=place.files, port=port)
    return _startNginx(place, serving, port)


def haproxy(defaults: str = "", server: str = "", front: str = FORWARD_FOR) -> Start:
    """
    @param front: what is said of the client.
    @param server: more about the next stage.
    """

    def start(place: Place) -> Running:
        port = freePort()
        config = place.folder / "haproxy.cfg"
        config.write_text(
            HAPROXY.format(
                next=f"127.0.0.1:{place.port}" if place.port else f"unix@{place.path}",
                port=port,
                defaults=defaults,
                front=front,
                server=server,
            )
        )
        return _start(place, ["haproxy", "-db", "-f", str(config)], port)

    return start


def varnish(receive: str = "", *settings: str, backend: str = "") -> Start:
    """
    @param backend: more about the next stage.
    @param receive: what is done with a request first.
    @param settings: parameters.
    """

    def start(place: Place) -> Running:
        port = freePort()
        config = place.folder / "default.vcl"
        where = f'.host = "127.0.0.1"; .port = "{place.port}";'
        if not place.port:
            where = f'.path = "{place.path}";'
        config.write_text(VARNISH.format(next=where, backend=backend, receive=receive))
        command = ["varnishd", "-F", "-a", f"127.0.0.1:{port}", "-f", str(config)]
        command += ["-n", str(place.folder / "work"), "-s", "malloc,64m"]
        # Its own bounds are lower than penstock's.
        for setting in ("http_max_hdr=128", "http_req_hdr_len=16k", *settings):
            command += ["-p", setting]
        return _start(place, command, port)

    return start


def squid(more: str = "") -> Start:
    """
    @param more: of its configuration.
    """

    def start(place: Place) -> Running:
        port = freePort()
        config = place.folder / "squid.conf"
        config.write_text(
            SQUID.format(folder=place.folder, next=place.port, port=port, more=more)
        )
        command = ["squid", "-N", "-f", str(config), "-n", f"p{port}"]
        return _start(place, command, port)

    return start


def penstock(*arguments: str, rpc: bool = False) -> Start:
    """
    C{penstock serve --forward}.

    @param rpc: whether it passes on over RPC.
    """

    def start(place: Place) -> Running:
        scheme, port = ("rpc", place.rpc) if rpc else ("http", place.port)
        process = Penstock(
            ["--forward", f"{scheme}://127.0.0.1:{port}", "--http", "0"]
            + ["--trust", "127.0.0.1", *arguments],
            place.folder / "log",
            place.files,
        )
        return Running(process, process.port)

    return start


def tree(*arguments: str) -> Start:
    """
    C{penstock serve} of the tree, behind them all.
    """

    def start(place: Place) -> Running:
        certificate = place.folder / "certificate.pem"
        if any("{certificate}" in each for each in arguments):
            makeCertificate(certificate)
        process = Penstock(
            ["tree:root", "--rpc", "0"]
            + [
                each.format(path=place.path, certificate=certificate)
                for each in arguments
            ],
            place.folder / "log",
            place.files,
        )
        return Running(process, process.port, process.awaitRPC())

    return start


def makeCertificate(path: Path) -> None:
    """
    Put a new certificate, which nobody need believe, and its key into a file.
    """
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "1"]
        + ["-subj", "/CN=site.example", "-keyout", str(path), "-out", f"{path}.crt"],
        check=True,
        capture_output=True,
    )
    with path.open("a") as file:
        file.write(Path(f"{path}.crt").read_text())
