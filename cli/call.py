"""
C{penstock call}.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import version
from os.path import basename
from typing import Final, TextIO
from urllib.parse import quote

import click

from penstock.cli.location import Location, location

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

# RFC 9110, section 5.5, in ISO-8859-1.
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def field(text: str) -> tuple[str, str]:
    """
    The type of an option: a header field.

    @return: its name and its value.
    @raise click.BadParameter: if C{text} may not be sent as one.
    """
    name, colon, value = text.partition(":")
    value = value.strip(" \t")
    if not colon or not _TOKEN.fullmatch(name):
        raise click.BadParameter(f"{text!r} is not of the form 'Name: value'")
    if not _VALUE.fullmatch(value):
        raise click.BadParameter(f"{text!r} has characters that no field may have")
    return name, value


def method(text: str) -> str:
    """
    The type of an option: a method (RFC 9110, section 9.1).

    @raise click.BadParameter: if C{text} isn't a token.
    """
    if not _TOKEN.fullmatch(text):
        raise click.BadParameter(f"{text!r} is not a token")
    return text


def _isTerminal(stream: TextIO | None) -> bool:
    # None is what Python makes of a stream that was closed when it began.
    return stream is not None and stream.isatty()


@click.command(short_help="Send a request, over HTTP or RPC.")
@click.argument("url", type=location)
@click.option(
    "-X",
    "--method",
    "verb",
    type=method,
    metavar="METHOD",
    help="GET by default; HEAD with -I, POST with -d, PUT with -T.",
)
@click.option(
    "-H",
    "--header",
    "fields",
    type=field,
    multiple=True,
    metavar="'NAME: VALUE'",
    help="Send this header field.  May be repeated.",
)
@click.option(
    "-d",
    "--data",
    multiple=True,
    metavar="TEXT|@FILE|@-",
    help="Send this text, or a file (@FILE), or standard input (@-), unchanged."
    "  Several texts are joined by &.",
)
@click.option(
    "-T",
    "--upload-file",
    "uploadFile",
    metavar="FILE|-",
    help="Send a file or standard input.  A URL that ends in a slash gets the"
    " file's name.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Write the content to this file; - is standard output.",
)
@click.option("-i", "--include", is_flag=True, help="Write the response's head too.")
@click.option("-I", "--head", is_flag=True, help="Ask for the head and nothing else.")
@click.option("--fail", is_flag=True, help="Fail with 22 if the code is 400 or more.")
@click.option(
    "--max-time",
    "maxTime",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Give up after this.",
)
@click.option(
    "--progress/--no-progress",
    default=None,
    help="Draw a progress bar on standard error, if that is a terminal.  By"
    " default, only if standard output isn't one.",
)
@click.option("--reactor", metavar="NAME", help="Use this reactor of Twisted.")
def call(
    url: Location,
    verb: str | None,
    fields: tuple[tuple[str, str], ...],
    data: tuple[str, ...],
    uploadFile: str | None,
    output: str | None,
    include: bool,
    head: bool,
    fail: bool,
    maxTime: float | None,
    progress: bool | None,
    reactor: str | None,
) -> None:
    """
    Send a request to URL (http, https, rpc or rpcs), and write the content of
    the response to standard output as it comes.

    The exit status is that of curl: 0 if the response is complete, 7 if there
    is no connection, 8 if the response is malformed, 18 if it broke off, 22
    with --fail, 23 if it can't be written, 26 if the file to send can't be
    read, 28 if it took too long, 52 if there was no response.
    """
    if data and uploadFile is not None:
        raise click.UsageError("--data and --upload-file exclude each other")
    if head and (data or uploadFile is not None):
        raise click.UsageError("a request for the head has no content")
    # Only now: whoever asks for help or mistypes needn't wait for Twisted.
    from penstock.cli import calling
    from penstock.cli.upload import STDIN, Upload
    from penstock.core.headers import Headers

    upload = None
    default = "GET"
    if head:
        default = "HEAD"
    elif uploadFile is not None:
        default = "PUT"
        upload = Upload(path=uploadFile)
        if url.target.endswith("/") and uploadFile != STDIN:
            name = quote(basename(uploadFile), safe="")
            url = Location(url.origin, url.target + name)
    elif data:
        default = "POST"
        if any(text.startswith("@") for text in data):
            if len(data) > 1:
                raise click.UsageError("only texts can be joined, not files")
            upload = Upload(path=data[0][1:])
        else:
            upload = Upload("&".join(data).encode("utf-8", "surrogateescape"))
    headers = Headers(fields)
    for name, value in (
        ("User-Agent", f"penstock/{version('penstock')}"),
        ("Accept", "*/*"),
        ("Content-Type", None if upload is None else upload.mediaType),
    ):
        if value is not None and name not in headers:
            headers.addRaw(name, value)
    if progress is None:
        progress = output not in (None, "-") or not _isTerminal(sys.stdout)
    sys.exit(
        calling.call(
            calling.Order(
                method=(verb or default).encode("ascii"),
                location=url,
                headers=headers,
                upload=upload,
                output=None if output == "-" else output,
                head=include or head,
                fail=fail,
                maxTime=maxTime,
                progress=progress and _isTerminal(sys.stderr),
                reactor=reactor,
            )
        )
    )
