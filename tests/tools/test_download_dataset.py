"""Downloads from a server on this machine: resumed, checked, unpacked within their folder."""

import hashlib
import io
import re
import runpy
import sys
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tiny_chain.processes import TOOLS

from projects.wsis.datasets import public_sets
from projects.wsis.datasets.public_sets import PUBLIC_SETS, Archive
from projects.wsis.structures.archives import unpack_archive
from projects.wsis.structures.download import download_file

CONTENT = bytes(range(256)) * 4000
MD5 = hashlib.md5(CONTENT).hexdigest()


class Server(BaseHTTPRequestHandler):
    """Gives the files of its server; `cut` ends a connection after so many bytes, `ranges` says whether it resumes."""

    def do_GET(self):  # noqa: N802  the name is http.server's
        files, start = self.server.files, 0
        self.server.asked.append(self.headers.get('Range'))
        if self.path[1:] not in files:
            return self.send_error(404)
        content = files[self.path[1:]]
        if self.server.ranges and (found := re.match(r'bytes=(\d+)-', self.headers.get('Range') or '')):
            start = int(found[1])
        if start >= len(content):
            return self.send_error(416)
        self.send_response(206 if start else 200)
        self.send_header('Content-Length', str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start : self.server.cut])
        return None

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture
def server():
    with ThreadingHTTPServer(('127.0.0.1', 0), Server) as found:
        found.files, found.ranges, found.cut, found.asked = {'a.bin': CONTENT}, True, None, []
        found.url = f'http://127.0.0.1:{found.server_port}'
        thread = threading.Thread(target=found.serve_forever, kwargs=dict(poll_interval=0.01))
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.mark.parametrize('ranges', [True, False])
def test_an_interrupted_download_goes_on(server, tmp_path, ranges):
    server.ranges, server.cut = ranges, 300000
    path = tmp_path / 'deep' / 'a.bin'
    with pytest.raises(ValueError, match=r'cannot be downloaded \(the connection ended after 300,000 of') as caught:
        download_file(f'{server.url}/a.bin', path, MD5)
    assert '\n' not in str(caught.value)
    assert [file.name for file in path.parent.iterdir()] == ['a.bin.part']
    server.cut = None
    assert download_file(f'{server.url}/a.bin', path, MD5) is True
    assert server.asked == [None, 'bytes=300000-']
    assert path.read_bytes() == CONTENT and len(list(path.parent.iterdir())) == 1
    assert download_file(f'{server.url}/a.bin', path, MD5) is False and len(server.asked) == 2


def test_a_whole_part_is_taken_over(server, tmp_path):
    (tmp_path / 'a.bin.part').write_bytes(CONTENT)
    assert download_file(f'{server.url}/a.bin', tmp_path / 'a.bin', MD5)
    assert (tmp_path / 'a.bin').read_bytes() == CONTENT


def test_what_has_another_sum_is_never_taken(server, tmp_path):
    with pytest.raises(ValueError, match='has come with the MD5 sum .* and is deleted'):
        download_file(f'{server.url}/a.bin', tmp_path / 'a.bin', '0' * 32)
    assert not list(tmp_path.iterdir())
    (tmp_path / 'a.bin').write_bytes(b'other')
    with pytest.raises(ValueError, match='damaged or another file'):
        download_file(f'{server.url}/a.bin', tmp_path / 'a.bin', MD5)
    assert (tmp_path / 'a.bin').read_bytes() == b'other'
    with pytest.raises(ValueError, match=r'cannot be downloaded \(Not Found\)'):
        download_file(f'{server.url}/none', tmp_path / 'none', MD5)


def make_tar(*members: tuple[str, bytes], link: tuple[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode='w:gz') as archive:
        if link:
            entry = tarfile.TarInfo(link[0])
            entry.type, entry.linkname = tarfile.SYMTYPE, link[1]
            archive.addfile(entry)
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def make_zip(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w') as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def make_zip_link() -> bytes:
    entry = zipfile.ZipInfo('link')
    entry.external_attr = 0o120777 << 16
    return make_zip((entry, b'/etc'))


HOSTILE = {
    'tar up': make_tar(('../out.txt', b'x')),
    'tar link': make_tar(('link/out.txt', b'x'), link=('link', '..')),
    'zip up': make_zip(('a/../../out.txt', b'x')),
    'zip absolute': make_zip(('/out.txt', b'x')),
    'zip drive': make_zip(('c:\\out.txt', b'x')),
    'zip link': make_zip_link(),
    'no archive': b'plain text',
    'cut': make_tar(('a.txt', bytes(50000)))[:40],
}


@pytest.mark.parametrize('name', HOSTILE)
def test_nothing_is_written_outside(tmp_path, name):
    folder = tmp_path / 'folder'
    (tmp_path / 'archive').write_bytes(HOSTILE[name])
    with pytest.raises(ValueError, match='archive (cannot be unpacked|is refused)') as caught:
        unpack_archive(tmp_path / 'archive', folder)
    assert '\n' not in str(caught.value)
    assert not list(tmp_path.rglob('out.txt')) and not any(path.is_symlink() for path in tmp_path.rglob('*'))


def run_tool(monkeypatch, *arguments: object) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))
    monkeypatch.setattr(sys, 'argv', ['download_dataset.py', *map(str, arguments)])
    runpy.run_path(str(TOOLS / 'misc' / 'download_dataset.py'), run_name='__main__')


def test_the_tool_lays_the_sets_where_the_configs_look(server, tmp_path, monkeypatch, capsys):
    files = {
        'VOCtrainval_11-May-2012.tar': make_tar(('VOCdevkit/VOC2012/JPEGImages/a.jpg', b'photo')),
        'annotations_trainval2017.zip': make_zip(('annotations/instances_val2017.json', b'{}')),
    }
    server.files = files
    sets = {
        name: tuple(
            Archive(archive.url, hashlib.md5(files[archive.name]).hexdigest(), archive.folder)
            for archive in PUBLIC_SETS[name]
            if archive.name in files
        )
        for name in ('voc2012', 'coco2017')
    }
    monkeypatch.setattr(public_sets, 'PUBLIC_SETS', sets)
    monkeypatch.chdir(tmp_path)
    arguments = ['--dataset-name', 'voc2012', 'coco2017', '--mirror', server.url, '--unpack']
    run_tool(monkeypatch, *arguments)
    assert Path('data/VOCdevkit/VOC2012/JPEGImages/a.jpg').read_bytes() == b'photo'
    assert Path('data/coco/annotations/instances_val2017.json').is_file()
    run_tool(monkeypatch, *arguments, '--delete')
    assert capsys.readouterr().out.count('here already') == 2
    assert not Path('data/VOCtrainval_11-May-2012.tar').exists() and len(server.asked) == 2


def test_every_archive_has_a_sum_and_a_name():
    archives = [archive for found in PUBLIC_SETS.values() for archive in found]
    assert len({archive.md5 for archive in archives}) == len({archive.name for archive in archives}) == 8
    assert all(re.fullmatch('[0-9a-f]{32}', archive.md5) for archive in archives)
