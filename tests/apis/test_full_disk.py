"""A disk that is full or may not be written is one line, wherever that shows."""

import errno
import os
import resource
import signal

import pytest

from projects.wsis.apis.errors import report_errors
from projects.wsis.apis.launch import parse_arguments
from projects.wsis.structures import write_atomically

SOURCES = dict(
    open_file=lambda path: open(path / 'no such folder' / 'x'),  # noqa: SIM115  it is never open
    wrong_value=lambda path: int('x'),
)


def line_of(capsys, act) -> str:
    with pytest.raises(SystemExit) as caught, report_errors():
        act()
    assert caught.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize('number', [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM])
def test_unwritable_place_is_one_line_with_its_name(capsys, number):
    def act():
        raise OSError(number, os.strerror(number), 'work/cams/a.npz')

    line = line_of(capsys, act)
    assert line.startswith(f'error: work/cams/a.npz cannot be used ({os.strerror(number)}): ') and 'it goes on' in line


def test_full_disk_names_the_file_and_leaves_the_old_one(tmp_path, capsys):
    """The system does not say which file it was."""
    path = tmp_path / 'a.bin'
    write_atomically(path, lambda file: file.write(b'old'))
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        line = line_of(capsys, lambda: write_atomically(path, lambda file: file.write(bytes(100_000))))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert line.startswith(f'error: {path} cannot be used (File too large): files may not grow so large here')
    assert path.read_bytes() == b'old' and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize('source', SOURCES)
def test_other_errors_keep_their_traceback(tmp_path, source):
    with pytest.raises((OSError, ValueError)), report_errors():
        SOURCES[source](tmp_path)


def test_traceback_of_a_full_disk_can_be_seen(monkeypatch):
    monkeypatch.setenv('WSIS_TRACEBACK', '1')
    with pytest.raises(OSError, match='No space'), report_errors():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize('launcher, ends', [('pytorch', 1), ('none', 0)])
def test_ranks_end_with_torchrun(monkeypatch, launcher, ends):
    import argparse

    from projects.wsis.apis import launch

    called = []
    monkeypatch.setattr(launch, 'end_with_parent', lambda: called.append(1))
    monkeypatch.setenv('LOCAL_RANK', '0')
    parser = argparse.ArgumentParser()
    launch.add_common_arguments(parser)
    parse_arguments(parser, ['--launcher', launcher])
    assert len(called) == ends
