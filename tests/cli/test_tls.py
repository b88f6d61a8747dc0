"""
Serving and calling over TLS.
"""

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from .process import PATIENCE, Process, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A folder to serve, and a key and a certificate for 127.0.0.1 beside it.
    """
    folder = tmp_path_factory.mktemp("tls")
    (folder / "files").mkdir()
    (folder / "files" / "page.txt").write_text("A page.\n")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, SHA256())
    )
    (folder / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (folder / "crt.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    return folder


@pytest.fixture(scope="module")
def urls(folder: Path) -> Iterator[list[str]]:
    """
    Where it listens: for HTTP, and for RPC.
    """
    endpoint = "ssl:0:privateKey=key.pem:certKey=crt.pem:interface=127.0.0.1"
    with Process(
        "serve", "files", "--http", endpoint, "--rpc", endpoint, cwd=folder
    ) as process:
        yield process.listening(2)
        process.interrupt()
        assert process.end() == 0
        assert process.complained == b""


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("privateKey=key.pem", "privateKey= and certKey= must name files in PEM"),
        ("privateKey=files/page.txt", "privateKey= and certKey= must name files"),
        ("privateKey=none.pem", "No such file or directory"),
        ("privatekey=key.pem", "there is no privatekey=\n"),
    ],
)
def test_files(folder: Path, endpoint: str, said: str) -> None:
    """
    What is wrong with them, in one line.
    """
    done = run("serve", "files", "--http", f"ssl:0:{endpoint}", cwd=folder)
    assert done.returncode in (1, 2)
    assert said in done.stderr.decode()
    assert b"Traceback" not in done.stderr


@pytest.fixture
def url(urls: list[str]) -> str:
    return urls[0]


@pytest.mark.parametrize("number", [0, 1], ids=["https", "rpcs"])
def test_call(urls: list[str], number: int, folder: Path) -> None:
    url = urls[number]
    assert url.startswith(["https://127.0.0.1:", "rpcs://127.0.0.1:"][number])
    environment = {**os.environ, "SSL_CERT_FILE": str(folder / "crt.pem")}
    done = run("call", url + "page.txt", env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"A page.\n", b"")


@pytest.mark.parametrize("number", [0, 1], ids=["https", "rpcs"])
def test_stranger(urls: list[str], number: int) -> None:
    """
    A certificate that nobody vouches for is not accepted.
    """
    url = urls[number]
    done = run("call", url + "page.txt")
    assert done.returncode == 7
    assert done.stdout == b""
    assert done.stderr.endswith(b"TLS: certificate verify failed\n")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ([], None),
        (["http/1.1"], "http/1.1"),
        (["h2", "http/1.1"], "http/1.1"),
        (["http/1.0"], "http/1.0"),
    ],
    ids=["nothing", "only that", "HTTP/2 rather", "HTTP/1.0"],
)
def test_protocolIsNegotiated(
    url: str, folder: Path, offered: list[str], chosen: str | None
) -> None:
    """
    Browsers name what they speak, and go away if nobody picks something.
    """
    context = ssl.create_default_context(cafile=str(folder / "crt.pem"))
    if offered:
        context.set_alpn_protocols(offered)
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 0)
    with (
        closing(socket.create_connection(address, PATIENCE)) as plain,
        context.wrap_socket(plain, server_hostname=parts.hostname) as client,
    ):
        assert client.selected_alpn_protocol() == chosen
        client.sendall(b"GET /page.txt HTTP/1.0\r\n\r\n")
        received = b""
        while not received.endswith(b"A page.\n"):
            data = client.recv(65536)
            assert data
            received += data
