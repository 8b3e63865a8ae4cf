"""The machines that run a recipe together: node 0 says which stage begins, and all wait for its end on the others.

They talk by lines of JSON, and only of names of stages: what a node runs comes from its own command line. A node that
ends closes its connection, so that the others know at once.
"""

import argparse
import json
import queue
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..structures import hash_content, write_atomically
from ..version import __version__
from .node_place import NodePlace
from .stage import RecipeError

PATIENCE = 1800.0  # seconds in which all nodes must have come
SECONDS_BETWEEN_TRIES = 0.2
SECONDS_OF_STALE_FOLDERS = 60.0  # for so long network file systems show a folder as it was
LONGEST_LINE = 1 << 20
TOKEN_NAME = '.nodes'


def describe_command(arguments: argparse.Namespace) -> str:
    """Return a hash of the version and of the arguments, which are to be the same on all nodes."""
    return hash_content([__version__, vars(arguments)])


class Peer:
    """A connection to another node; a thread reads its messages.

    Args:
        connection: The connected socket.
        on_message: Called with each message, in that thread; with None at the end.
    """

    def __init__(self, connection: socket.socket, on_message: Callable[[dict | None], None]) -> None:
        connection.settimeout(None)
        # a machine that has lost its power closes nothing
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.connection = connection
        self.messages: queue.SimpleQueue[dict | None] = queue.SimpleQueue()
        self.on_message = on_message
        self.file = connection.makefile('rb')

    def start(self) -> None:
        """Begin to read."""
        threading.Thread(target=self._read, daemon=True).start()

    def read_one(self) -> dict | None:
        """Return the next message; None at the end, and for what is none."""
        with suppress(OSError, ValueError):
            message = json.loads(self.file.readline(LONGEST_LINE))
            if isinstance(message, dict):
                return message
        return None

    def _read(self) -> None:
        while True:
            message = self.read_one()
            self.messages.put(message)
            self.on_message(message)
            if message is None:
                return

    def send(self, message: dict) -> None:
        """Send a message; a node that has ended hears nothing."""
        with suppress(OSError):
            self.connection.sendall(f'{json.dumps(message)}\n'.encode())

    def close(self) -> None:
        """End the connection."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()


class NodeGroup:
    """All nodes of a recipe. One alone is a group too, without any connection.

    Args:
        place: The place of this node.
        command: What all nodes must have been called with, such as a hash of the command line.
        patience: Seconds in which all nodes must have come.

    Raises:
        RecipeError: If not all come in time, or one was called with something else; one line.
    """

    def __init__(self, place: NodePlace, command: str = '', patience: float = PATIENCE) -> None:
        self.place = place
        self._stop: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self._is_broken = False
        #: Whether the stage was to end here, as another node has failed.
        self.was_stopped = False
        self.peers: dict[int, Peer] = {}
        if place.count > 1:
            deadline = time.monotonic() + patience
            self.peers = self._gather(command, deadline) if place.is_first else {0: self._join(command, deadline)}
            for peer in self.peers.values():
                peer.start()

    def _gather(self, command: str, deadline: float) -> dict[int, Peer]:
        """Wait for the other nodes."""
        place, peers = self.place, {}
        try:
            server = socket.create_server(('', place.port))
        except OSError as error:
            raise RecipeError(f'port {place.port} cannot be used ({error.strerror}): set PORT to another') from None
        with server:
            while len(peers) < place.count - 1:
                server.settimeout(max(0.01, deadline - time.monotonic()))
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    missing = [str(rank) for rank in range(1, place.count) if rank not in peers]
                    raise RecipeError(f'node {", ".join(missing)} has not come: start the same command there') from None
                connection.settimeout(SECONDS_OF_STALE_FOLDERS)
                peer = Peer(connection, self._hear_of_trouble)
                hello = peer.read_one() or {}
                rank = hello.get('node')
                if fault := self._find_fault(hello, command, peers):
                    peer.send(dict(refused=fault))
                    peer.close()
                    if 'node' in hello:
                        raise RecipeError(fault)
                    continue  # something else that looks at ports
                peer.send(dict(welcome=True))
                peers[rank] = peer
        return dict(sorted(peers.items()))

    def _find_fault(self, hello: dict, command: str, peers: dict[int, Peer]) -> str | None:
        rank = hello.get('node')
        if not isinstance(rank, int) or not 1 <= rank < self.place.count:
            return f'node {rank!r} is none of {self.place.count}: NNODES is the same on each node'
        if rank in peers:
            return f'two nodes have NODE_RANK={rank}: number them from 0 to {self.place.count - 1}'
        if hello.get('command') != command:
            return f'node {rank} was called in another way than node 0: run the same command, of the same version'
        return None

    def _join(self, command: str, deadline: float) -> Peer:
        """Go to node 0, which may start later."""
        place = self.place
        while True:
            try:
                connection = socket.create_connection((place.address, place.port), SECONDS_OF_STALE_FOLDERS)
            except OSError as error:
                if time.monotonic() > deadline:
                    reason = error.strerror or 'no answer'
                    raise RecipeError(
                        f'node 0 is not at {place.address}:{place.port} ({reason}): start it there, or set MASTER_ADDR '
                        'and PORT'
                    ) from None
                time.sleep(SECONDS_BETWEEN_TRIES)
                continue
            peer = Peer(connection, self._hear_of_trouble)
            peer.send(dict(node=place.rank, command=command))
            answer = peer.read_one() or {}
            if not answer.get('welcome'):
                peer.close()
                raise RecipeError(answer.get('refused') or f'node 0 at {place.address}:{place.port} has ended')
            return peer

    def _hear_of_trouble(self, message: dict | None) -> None:
        """End what runs here when a node has failed, is gone, or node 0 says so."""
        with self._lock:
            if message is not None and 'run' in message:
                self.was_stopped = False
            if message is None:
                self._is_broken = True
            if message is None or message.get('error') or message.get('stop'):
                self.was_stopped = True
                if self._stop is not None:
                    self._stop()

    @contextmanager
    def ending(self, stop: Callable[[], None]) -> Iterator[None]:
        """Call ``stop`` if a stage fails on another node while it runs here."""
        with self._lock:
            self._stop = stop
            if self.was_stopped or self._is_broken:
                self.was_stopped = True
                stop()
        try:
            yield
        finally:
            with self._lock:
                self._stop = None

    def tell(self, **message: Any) -> None:
        """Tell all other nodes something."""
        with self._lock:
            if 'run' in message:  # nothing of the last stage counts any more
                self.was_stopped = False
        for peer in self.peers.values():
            peer.send(message)

    def hear(self) -> dict[str, Any]:
        """Return what node 0 says next.

        Raises:
            RecipeError: If it has ended.
        """
        message = self.peers[0].messages.get()
        while message is not None and message.get('stop'):  # of a stage that has ended here already
            message = self.peers[0].messages.get()
        if message is None:
            raise RecipeError('node 0 has ended, so this node does too')
        return message

    def collect(self) -> list[str]:
        """Wait until all other nodes have answered; return what has gone wrong there (on node 0)."""
        failures = []
        for rank, peer in self.peers.items():
            answer = peer.messages.get()
            if answer is None:
                peer.messages.put(None)  # it will not come again
                failures.append(f'node {rank} has ended')
            elif answer.get('error'):
                failures.append(f'node {rank}: {answer["error"]}')
        return failures

    def check_shared(self, folder: str | Path) -> None:
        """Check that a folder is one and the same on all nodes; each calls it.

        Raises:
            RecipeError: If it is not; one line.
        """
        if not self.peers:
            return
        path = Path(folder) / TOKEN_NAME
        if self.place.is_first:
            token = secrets.token_hex(8)
            write_atomically(path, lambda file: file.write(token.encode()))
            self.tell(token=token)
            failures = self.collect()
            path.unlink(missing_ok=True)
            if failures:
                raise RecipeError(failures[0])
            return
        token, deadline = self._hear_token(), time.monotonic() + SECONDS_OF_STALE_FOLDERS
        while not (path.is_file() and path.read_text() == token):
            if time.monotonic() > deadline:
                fault = f'{folder} is not the folder of node 0: name one on a file system that all nodes share'
                self.tell(error=fault)
                raise RecipeError(fault)
            time.sleep(SECONDS_BETWEEN_TRIES)
        self.tell(error='')

    def _hear_token(self) -> str:
        message = self.hear()
        if 'token' not in message:
            raise RecipeError(f'node 0 has stopped: {message.get("end")}')
        return message['token']

    def close(self, error: BaseException | None = None) -> None:
        """Let the other nodes end (on node 0), and end all connections."""
        if self.place.is_first:
            self.tell(end='' if error is None else ' '.join(str(error).split()) or type(error).__name__)
        for peer in self.peers.values():
            peer.close()
        self.peers = {}

    def __enter__(self) -> 'NodeGroup':
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.close(error)
