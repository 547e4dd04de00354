"""Starts the mailbox as a process of its own: `python -m devstack.mailbox --smtp-port P --http-port Q --data-dir D`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from devstack.mailbox.smtp import Handler, listen
from devstack.mailbox.store import Store
from devstack.mailbox.web import build

# Loopback only, whatever the arguments say: invitations and password links lie here unguarded.
HOST = "127.0.0.1"


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devstack.mailbox", description=__doc__)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    return parser.parse_args(argv)


def _bound(port: int) -> socket.socket:
    # asyncio switches Nagle's algorithm off only where the protocol is named; with it, every answer takes 40 ms more.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    return listener


async def _serve(store: Store, smtp: socket.socket, http: socket.socket) -> None:
    """Until SIGTERM or SIGINT; conversations that hang then are cut off, not waited for."""
    handler = Handler(store)
    config = uvicorn.Config(
        build(store, handler),
        log_level="warning",
        access_log=False,
        # As the server: whoever asks closes an idle connection first, and never asks in the moment that we close it.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        lifespan="off",
    )
    server = uvicorn.Server(config)

    def stop() -> None:
        server.should_exit = True

    # uvicorn raises the signal again when it has finished: without a handler of ours that would end us by it.
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    mail = await listen(handler, smtp)
    try:
        await server.serve(sockets=[http])
    finally:
        mail.close()


def main(argv: Sequence[str]) -> int:
    """Serve until stopped; 2 with one line when it can't be started like this."""
    arguments = _arguments(argv)
    try:
        store = Store(arguments.data_dir)
        smtp, http = _bound(arguments.smtp_port), _bound(arguments.http_port)
    except OSError as error:
        print(f"mailbox: can't be started with {' '.join(argv)}: {error.strerror}", file=sys.stderr)
        return 2
    asyncio.run(_serve(store, smtp, http))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
