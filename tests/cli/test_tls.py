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


def identify(folder: Path, name: str, *names: x509.GeneralName) -> None:
    """
    Put a key and a certificate there, for C{names}.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    common = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(common)
        .issuer_name(common)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName(names), critical=False
        )
    (folder / f"{name}key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (folder / f"{name}crt.pem").write_bytes(
        builder.sign(key, SHA256()).public_bytes(Encoding.PEM)
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A folder to serve; and beside it a key and a certificate for 127.0.0.1, and
    those of somebody who has only a common name.
    """
    folder = tmp_path_factory.mktemp("tls")
    (folder / "files").mkdir()
    (folder / "files" / "page.txt").write_text("A page.\n")
    identify(folder, "", x509.IPAddress(IPv4Address("127.0.0.1")))
    identify(folder, "common")
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


def ask(url: str, host: str) -> bytes:
    """
    @return: what a client that trusts anybody gets.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    parts = urlsplit(url)
    address = (parts.hostname, parts.port)
    received = b""
    with (
        closing(socket.create_connection(address, PATIENCE)) as plain,
        context.wrap_socket(plain) as client,
    ):
        head = f"GET /page.txt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        client.sendall(head.encode())
        while data := client.recv(65536):
            received += data
    return received


@pytest.mark.requirement("9110-7.4-2")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [((), b"421"), (("--any-host",), b"200"), (("--trust", "127.0.0.1"), b"200")],
    ids=["default", "any host", "trusted"],
)
def test_hosts(folder: Path, arguments: tuple[str, ...], code: bytes) -> None:
    """
    A certificate that names nobody is good for nobody, and that is said once;
    one for another host isn't good either.
    """
    ends = [
        f"ssl:0:privateKey={name}key.pem:certKey={name}crt.pem:interface=127.0.0.1"
        for name in ("common", "")
    ]
    with Process(
        *("serve", "files", "--http", ends[0], "--http", ends[1], *arguments),
        cwd=folder,
    ) as process:
        common, other = process.listening(2)
        for _ in range(2):
            answer = ask(common, "127.0.0.1")
            assert answer.startswith(b"HTTP/1.1 " + code)
            assert (b"subjectAltName=DNS:" in answer) is (code == b"421")
        assert ask(other, "127.0.0.1").startswith(b"HTTP/1.1 200")
        answer = ask(other, "a.example")
        assert answer.startswith(b"HTTP/1.1 " + code)
        assert (b" It is valid for 127.0.0.1." in answer) is (code == b"421")
        process.interrupt()
        assert process.end() == 0
        isTold = "--trust" not in arguments
        assert process.complained.count(b" is valid for no host") == isTold
        if code == b"421":
            assert b'"no certificate for a.example"' in process.said


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
