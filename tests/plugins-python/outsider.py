"""A plugin that another toolchain builds: CPython in a component, with imports of WASI 0.2 beside the contract's.

Each run reads the newest header of the chain, emits its number, and logs what it found when it tried to get out of the
sandbox by the standard library's own ways. It decides nothing about that: the test does.
"""

import json
import os
import socket
import sys

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import chain, context, log, metrics
from wit_world.imports.types import Failure_Unavailable

SCHEMA = {
    "name": "outsider",
    "version": "0.1.0",
    "config": {
        "type": "object",
        "properties": {
            "chain": {"type": "string", "description": "A chain of watchkeeper.toml."},
            "host": {"type": "string", "description": "Where somebody listens whom the plugin must not reach."},
            "port": {"type": "integer"},
        },
        "required": ["chain", "host", "port"],
        "additionalProperties": False,
    },
}

FAMILIES = [
    {"name": "outsider_block_number", "type": "gauge", "help": "Number of the newest block.", "labels": ["chain"]}
]


class Job(exports.Job):
    def schema(self) -> str:
        return json.dumps(SCHEMA)

    def describe(self, config: str) -> str:
        return json.dumps(FAMILIES)

    async def run(self) -> str:
        config = json.loads(context.config())
        ways_out = {
            "environment": lambda: dict(os.environ),
            "arguments": lambda: sys.argv,
            "root": lambda: os.listdir("/"),
            "file": lambda: open("/etc/hostname").read(),
            "connection": lambda: socket.create_connection((config["host"], config["port"]), timeout=1),
            "listener": lambda: socket.create_server(("127.0.0.1", 0)),
        }
        found = [(name, found_behind(way)) for name, way in ways_out.items()]
        log.write(log.Level.INFO, "looked for ways out", found)
        try:
            header = await chain.get_header(config["chain"], chain.Block_Latest())
        except Err as error:
            raise Err(Failure_Unavailable(str(error.value))) from None
        metrics.emit([metrics.Sample(0, [config["chain"]], metrics.Value_Set(float(header.number)))])
        return f"block {header.number}"


def found_behind(way) -> str:
    """What a way out leads to, or the name of the error that closes it."""
    try:
        return f"found {way()!r}"
    except Exception as error:
        return type(error).__name__
