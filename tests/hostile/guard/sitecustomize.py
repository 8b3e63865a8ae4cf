"""Python imports this before anything else: no process reaches the network or starts an installer; attempts are noted.

Its folder is put into PYTHONPATH, so that the processes that a process starts are guarded as well. A hook of the
interpreter sees every socket, whatever library opens it.
"""

import os
import sys

INSTALLERS = ('pip', 'pip3', 'conda', 'apt', 'apt-get', 'ensurepip', 'curl', 'wget')
LOCAL = ('127.0.0.1', '::1', 'localhost', '', None, '0.0.0.0')


def refuse(what: str) -> None:
    """Note an attempt in the file that the test names, and end it."""
    with open(os.environ['WSIS_TEST_ATTEMPTS'], 'a', encoding='utf-8') as notes:
        notes.write(f'{what}\n')
    raise ConnectionRefusedError(f'refused by the test: {what}')


def watch(event: str, arguments: tuple) -> None:
    """Refuse what leads out of this machine, and installers."""
    if event in ('socket.connect', 'socket.sendto') and isinstance(arguments[1], tuple):
        if arguments[1][0] not in LOCAL:
            refuse(f'{event} {arguments[1]}')
    elif event in ('socket.getaddrinfo', 'socket.gethostbyname'):
        host = arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0]
        if host not in LOCAL:
            refuse(f'{event} {host}')
    elif event in ('subprocess.Popen', 'os.exec', 'os.posix_spawn', 'os.system'):
        command = arguments[0] if event == 'os.system' else arguments[1]
        # a line of a shell (os.system hands over bytes) or a list of words
        words = os.fsdecode(command).split() if isinstance(command, (str, bytes)) else map(os.fsdecode, command or ())
        words = list(words)
        if any(os.path.basename(word) in INSTALLERS for word in words):
            refuse(f'{event} {" ".join(words)}')


sys.addaudithook(watch)
