"""`python -m devstack.mailbox --smtp-port P --http-port Q --data-dir D`."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

import uvicorn

from devstack.mailbox.smtp import Handler, listen
from devstack.mailbox.store import Store
from devstack.mailbox.web import build


async def serve(smtp_port: int, http_port: int, directory: Path) -> None:
    store = Store(directory)
    handler = Handler(store)
    mail = await listen(handler, smtp_port)
    config = uvicorn.Config(build(store, handler), host="127.0.0.1", port=http_port, log_level="warning")
    async with mail:
        await uvicorn.Server(config).serve()


def main() -> None:
    parser = argparse.ArgumentParser(prog="devstack.mailbox")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    given = parser.parse_args()
    asyncio.run(serve(given.smtp_port, given.http_port, given.data_dir))


if __name__ == "__main__":
    main()
