"""
The command C{penstock}.
"""

from __future__ import annotations

import click

from penstock.cli.call import call
from penstock.cli.serve import serve


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="penstock", message="penstock %(version)s")
def main() -> None:
    """
    One resource tree over HTTP/1.1, over RPC, and in memory.
    """


main.add_command(serve)
main.add_command(call)
