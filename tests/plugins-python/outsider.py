"""A plugin that another toolchain builds: CPython in a component, which imports WASI 0.2 beside the contract.

Each run reads the newest header of a chain and emits its number. Before that it tries to get out of the sandbox by the
standard library's own ways, and logs what is behind each. It judges none of it: that is the test's.
"""

import encodings.idna  # Names are looked up with it; nothing can be imported once the component is built.
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
            "port": {"type": "integer", "description": "Where somebody listens on 127.0.0.1, out of reach."},
            "raises": {"type": "string", "description": "An exception's text, to leave the run with."},
        },
        "required": ["chain", "port"],
        "additionalProperties": False,
    },
}

FAMILIES = [
    {"name": "outsider_block_number", "type": "gauge", "help": "Number of the newest block.", "labels": ["chain"]},
]


class Job(exports.Job):
    def schema(self) -> str:
        return json.dumps(SCHEMA)

    def describe(self, config: str) -> str:
        return json.dumps(FAMILIES)

    async def run(self) -> str:
        config = json.loads(context.config())
        if "raises" in config:
            raise RuntimeError(config["raises"])
        log.write(log.Level.INFO, "looked for ways out", ways_out(config["port"]))
        try:
            header = await chain.get_header(config["chain"], chain.Block_Latest())
        except Err as error:
            raise Err(Failure_Unavailable(str(error.value))) from None
        metrics.emit([metrics.Sample(0, [config["chain"]], metrics.Value_Set(float(header.number)))])
        return f"block {header.number}"


def ways_out(port: int) -> list[tuple[str, str]]:
    """Each way by its name, with what is behind it."""
    ways = {
        "environment": lambda: dict(os.environ),
        "arguments": lambda: sys.argv,
        "input": lambda: sys.stdin.read(),
        "root": lambda: os.listdir("/"),
        "file": lambda: open("/etc/passwd").read(),
        "write": lambda: open("/tmp/outsider", "w"),
        "connect": lambda: socket.socket().connect(("127.0.0.1", port)),
        "listen": lambda: socket.socket().bind(("127.0.0.1", 0)),
        "send": lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"hello", ("127.0.0.1", port)),
        "resolve": lambda: socket.getaddrinfo("localhost", port),
    }
    return [(name, behind(way)) for name, way in ways.items()]


def behind(way) -> str:
    """What a way leads to, or the error that closes it."""
    try:
        return repr(way())
    except Exception as error:
        return f"{type(error).__name__}: {error}"
