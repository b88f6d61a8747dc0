"""
What can stand between a client and the tree, and how that is put in a row.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from processes import Penstock
from proxies import (
    USER,
    Place,
    Running,
    Start,
    haproxy,
    nginx,
    penstock,
    squid,
    tree,
    varnish,
)

TREE = tree("--http", "0", "--trust", "127.0.0.1")

_PROXIED = tree("--http", "haproxy:tcp:0:interface=127.0.0.1", "--trust", "127.0.0.1")
_UNIX = tree("--http", "unix:{path}", "--trust", "unix")
_TLS = tree(
    "--http",
    "ssl:0:interface=127.0.0.1:privateKey={certificate}:certKey={certificate}",
    "--trust",
    "127.0.0.1",
)
_BY_FORWARDED = tree(
    "--http", "0", "--trust", "127.0.0.1", "--trusted-fields", "forwarded"
)

# What is behind a stage whose name ends so.
TREES: dict[str, Start] = {
    "-proxy1": _PROXIED,
    "-proxy2": _PROXIED,
    "-unix": _UNIX,
    "-tls": _TLS,
    "-forwarded": _BY_FORWARDED,
}

_KEPT = """
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_buffering off;
    proxy_request_buffering off;
"""

_FORWARDED = """
            proxy_set_header Forwarded "for=$remote_addr;proto=$scheme";
            proxy_set_header X-Forwarded-For "";
            proxy_set_header X-Forwarded-Proto "";
"""

STAGES: dict[str, Start] = {
    # As it comes: HTTP/1.0, a connection for each request, all of a request
    # collected before it is passed on.
    "nginx": nginx(),
    "nginx-kept": nginx(upstream="keepalive 16;", location=_KEPT),
    "nginx-cached": nginx(
        http="proxy_cache_path {folder}/cache keys_zone=kept:1m;",
        upstream="keepalive 16;",
        location=_KEPT.replace("proxy_buffering off;", "")
        + "proxy_cache kept; proxy_cache_revalidate on;"
        + "add_header X-Cache-Status $upstream_cache_status always;",
    ),
    "haproxy": haproxy(),
    "haproxy-closing": haproxy("option http-server-close"),
    # Else small chunks may wait for more of them.
    "haproxy-nodelay": haproxy("option http-no-delay"),
    # Unused connections are closed at once, and often.
    "haproxy-hasty": haproxy(
        "timeout http-keep-alive 20ms\n    timeout http-request 200ms",
        "pool-purge-delay 100ms",
    ),
    # Whoever sends slowly, or nothing, gets 408.
    "haproxy-impatient": haproxy(
        "option http-buffer-request\n    timeout http-request 300ms"
    ),
    "varnish": varnish("return (pass);", "http_gzip_support=off"),
    "varnish-cached": varnish(),
    "squid": squid("cache deny all"),
    "squid-cached": squid("cache_mem 64 MB"),
    # Who the client is, said in other ways.
    "nginx-unix": nginx(upstream="keepalive 16;", location=_KEPT),
    "haproxy-unix": haproxy(),
    "varnish-unix": varnish("return (pass);", "http_gzip_support=off"),
    "nginx-tls": nginx(upstream="keepalive 16;", location=_KEPT, scheme="https"),
    "haproxy-tls": haproxy(server="ssl verify none"),
    "nginx-forwarded": nginx(
        upstream="keepalive 16;", location=_KEPT, facts=_FORWARDED
    ),
    "haproxy-forwarded": haproxy(
        front="http-request set-header Forwarded for=%[src];proto=http"
    ),
    "haproxy-proxy1": haproxy(front="", server="send-proxy"),
    "haproxy-proxy2": haproxy(front="", server="send-proxy-v2"),
    "varnish-proxy1": varnish(
        "return (pass);", "http_gzip_support=off", backend=".proxy_header = 1;"
    ),
    "varnish-proxy2": varnish(
        "return (pass);", "http_gzip_support=off", backend=".proxy_header = 2;"
    ),
    "penstock": penstock(),
    "gateway": penstock(rpc=True),
}


class Route:
    """
    Stages one after the other, and the tree behind them.

    @ivar port: where to connect to.
    """

    def __init__(
        self, names: list[str], folder: Path, files: Path, last: Start | None = None
    ) -> None:
        """
        @param names: of L{STAGES}, the one next to the client first.
        @param last: what is behind them all, if not the tree.
        """
        if last is None:
            kind = names[-1].rpartition("-")[2] if names else ""
            last = TREES.get(f"-{kind}", TREE)
        self._running: list[Running] = []
        try:
            self.tree = self._add(last, "tree", folder, 0, 0, files)
            self._descriptors = self.tree.process.descriptors
            port, rpc = self.tree.port, self.tree.rpc
            for place, name in enumerate(reversed(names)):
                running = self._add(
                    STAGES[name], f"{place}-{name}", folder, port, rpc, files
                )
                port, rpc = running.port, 0
        except BaseException:
            self.stop()
            raise
        self.port = port

    def _add(
        self, start: Start, name: str, folder: Path, port: int, rpc: int, files: Path
    ) -> Running:
        own = folder / name
        own.mkdir()
        if USER is not None:
            shutil.chown(own, USER)
        running = start(Place(own, port, folder / "socket", rpc, files))
        self._running.append(running)
        return running

    def stop(self) -> str:
        """
        End them, the one next to the client first.

        @return: what the tree and the forwarding ones have to complain about.
        """
        complaints = ""
        for running in reversed(self._running):
            if running is self._running[0]:
                complaints += self._left()
            status = running.process.stop()
            if isinstance(running.process, Penstock):
                complaints += running.process.complaints()
                if status:
                    complaints += f"exit status {status}\n"
        self._running = []
        return complaints

    def _left(self) -> str:
        """
        @return: a complaint, if the tree keeps sockets though all have gone.
        """
        if not isinstance(self.tree.process, Penstock):
            return ""
        deadline = time.monotonic() + 5
        while self.tree.process.descriptors > self._descriptors:
            if time.monotonic() > deadline:
                many = self.tree.process.descriptors - self._descriptors
                return f"{many} sockets are left\n"
            time.sleep(0.05)
        return ""
