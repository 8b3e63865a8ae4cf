"""Run a tool that starts scripts by a server: `run_with_server.py TOOL ARGUMENTS`.

Its first server is a fork of this process as it is now, instead of a new process that imports all that is here already.
How a server begins and ends by itself is tested in tests/recipes/test_script_server.py.
"""

import os
import runpy
import socket
import sys
from types import SimpleNamespace

from projects.wsis.engine.parent_process import end_with_parent
from projects.wsis.recipes import script_server

start_server = script_server.ScriptServer.__init__


def serve_scripts(connection: socket.socket) -> None:
    """Be a server, with the streams that one has."""
    end_with_parent()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    script_server.serve(str(connection.detach()))


def fork_server() -> tuple[socket.socket, int]:
    """Return the connection to a server, and the number of its process."""
    connection, theirs = socket.socketpair()
    process = os.fork()
    if not process:
        connection.close()
        try:
            serve_scripts(theirs)
        finally:
            os._exit(0)
    theirs.close()
    return connection, process


def take_server(server: script_server.ScriptServer, *settings: object, **others: object) -> None:
    """Stand for the constructor of servers."""
    if settings or others or not waiting:
        return start_server(server, *settings, **others)
    server._connection, process = waiting.pop()
    server._process = SimpleNamespace(wait=lambda: os.waitpid(process, 0))


waiting = [fork_server()]
script_server.ScriptServer.__init__ = take_server
del sys.argv[0]
sys.path.insert(0, os.path.dirname(sys.argv[0]))
runpy.run_path(sys.argv[0], run_name='__main__')
