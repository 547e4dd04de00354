"""Starts the payment simulator as a process of its own: `python -m devstack.simulator --port ... --data-dir ...`."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import uvicorn

from devstack.simulator.app import build_app
from devstack.simulator.config import ConfigurationError, SimulatorConfig, read_endpoints

# Loopback only, whatever the arguments say: this must never be reachable from elsewhere.
HOST = "127.0.0.1"


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devstack.simulator", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument(
        "--webhook",
        action="append",
        default=[],
        metavar="NAME=URL[,SECRET]",
        help="fees or subscriptions; the secret may come from PORTICO_SIM_WEBHOOK_SECRET_<NAME>",
    )
    parser.add_argument("--api-key", help="starts with sk_test_sim_; may come from PORTICO_SIM_API_KEY")
    return parser.parse_args(argv)


def _listen(port: int) -> socket.socket:
    # asyncio switches Nagle's algorithm off only where the protocol is named; with it, every answer takes 40 ms more.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        raise ConfigurationError(f"port {port} can't be used: {error.strerror}") from None
    return listener


def main(argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """Serve until stopped; 2 with one line when it can't be started like this."""
    arguments = _arguments(argv)
    try:
        config = SimulatorConfig(
            data_dir=arguments.data_dir,
            base_url=f"http://{HOST}:{arguments.port}",
            api_key=arguments.api_key or environment.get("PORTICO_SIM_API_KEY", ""),
            webhooks=read_endpoints(arguments.webhook, environment),
        )
        listener = _listen(arguments.port)
    except ConfigurationError as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 2
    settings = uvicorn.Config(
        build_app(config),
        log_level="warning",
        access_log=False,
        # As the server: whoever asks closes an idle connection first, and never asks in the moment that we close it.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        lifespan="on",
    )
    uvicorn.Server(settings).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
