"""Opening photos: every kind, upright, reduced; sizes without decoding; which files are whole."""

import os
import struct
import warnings
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from projects.wsis.structures import PHOTO_ENDINGS, PhotoError, check_photo, decode_photo, photo_file, probe_photo
from projects.wsis.structures.photo_file import is_photo_name, open_picture

RED = (200, 40, 10)  # (R, G, B)


def noise(height: int = 40, width: int = 60) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)


def save(path: Path, picture: Image.Image | np.ndarray, **settings) -> Path:
    picture = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    picture.save(path, **settings)
    return path


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize('ending', ['jpg', 'png'])
@pytest.mark.parametrize('orientation', range(10))
def test_pixels_are_those_of_opencv_however_the_camera_was_held(tmp_path, ending, orientation):
    path = save(tmp_path / f'a.{ending}', noise(), exif=turned(orientation))
    decoded = decode_photo(path)
    if ending == 'jpg':  # the decoder that the golden numbers were made with
        assert np.array_equal(decoded, cv2.imread(str(path), cv2.IMREAD_COLOR))
    assert decoded.dtype == np.uint8 and decoded.flags['C_CONTIGUOUS']
    facts = probe_photo(path)
    assert facts.shape == decoded.shape[:2] == ((60, 40) if 5 <= orientation <= 8 else (40, 60))
    assert facts.orientation == (orientation if 1 <= orientation <= 8 else 1)


@pytest.mark.parametrize('ending', ['tif', 'webp'])
@pytest.mark.parametrize('orientation', range(1, 9))
def test_other_kinds_are_turned_too(tmp_path, ending, orientation):
    settings = dict(lossless=True) if ending == 'webp' else {}
    path = save(tmp_path / f'a.{ending}', noise(), exif=turned(orientation), **settings)
    reference = save(tmp_path / 'a.png', noise(), exif=turned(orientation))
    assert np.array_equal(decode_photo(path), decode_photo(reference))
    assert probe_photo(path).shape == decode_photo(path).shape[:2]


@pytest.mark.parametrize('mode', ['1', 'L', 'LA', 'P', 'RGB', 'RGBA', 'CMYK', 'YCbCr', 'I;16', 'I', 'F'])
@pytest.mark.parametrize('ending', ['png', 'jpg', 'tif', 'webp', 'bmp', 'gif'])
def test_every_kind_becomes_8_bit_bgr(tmp_path, mode, ending):
    if mode in ('I;16', 'I'):
        picture = Image.fromarray(np.full((4, 6), 30000, np.uint16)).convert(mode)
    else:
        picture = Image.new('RGB', (6, 4), RED)
        picture = (
            picture.convert(mode, palette=Image.Palette.ADAPTIVE)
            if mode != 'LA'
            else picture.convert('L').convert(mode)
        )
    try:
        path = save(tmp_path / f'photo.{ending}', picture)
        with Image.open(path) as again:
            again.load()  # PIL 12 writes TIFFs of YCbCr that it does not read
    except (OSError, KeyError, ValueError):
        return  # the format has no such kind
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        photo = decode_photo(path)
        assert check_photo(path) is None and check_photo(path, quick=True) is None
    assert photo.shape == (4, 6, 3) and photo.dtype == np.uint8
    assert probe_photo(path).shape == (4, 6)
    if mode in ('P', 'RGB', 'RGBA', 'CMYK') and ending != 'gif':
        assert np.abs(photo.astype(int) - RED[::-1]).max() <= 12
    if mode == 'I;16' and ending in ('png', 'tif'):
        assert np.abs(photo.astype(float) - 30000 / 257).max() <= 1


def test_palette_with_transparency_gives_no_warning(tmp_path):
    picture = Image.new('RGB', (6, 4), RED).convert('P', palette=Image.Palette.ADAPTIVE)
    for ending in ('png', 'gif', 'webp', 'tif'):
        save(tmp_path / f'a.{ending}', picture, **(dict(transparency=bytes([0, 9])) if ending == 'png' else {}))
        with warnings.catch_warnings():
            warnings.simplefilter('error')
            assert decode_photo(tmp_path / f'a.{ending}').shape == (4, 6, 3)


@pytest.mark.parametrize('ending', ['gif', 'webp', 'png', 'tif'])
def test_of_an_animation_the_first_frame_counts(tmp_path, ending):
    frames = [Image.new('RGB', (6, 4), color) for color in (RED, (0, 0, 250), (0, 250, 0))]
    path = tmp_path / f'a.{ending}'
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert probe_photo(path).frames == 3
    assert np.abs(decode_photo(path).astype(int) - RED[::-1]).max() <= 12 and check_photo(path) is None


@pytest.mark.parametrize('ending', ['jpg', 'png', 'webp'])
@pytest.mark.parametrize('size, long_side, expected', [((400, 300), 60, (60, 45)), ((300, 1), 30, (30, 1))])
def test_long_side_reduces_and_never_enlarges(tmp_path, ending, size, long_side, expected):
    picture = np.linspace(0, 255, size[0], dtype=np.uint8)[:, None, None].repeat(size[1], 1).repeat(3, 2)
    path = save(tmp_path / f'a.{ending}', np.ascontiguousarray(picture), exif=turned(1))
    reduced = decode_photo(path, long_side)
    assert reduced.shape == (*expected, 3)
    assert np.abs(reduced[:, 0, 0].astype(int) - np.linspace(0, 255, expected[0])).max() < 8
    assert decode_photo(path, 10_000).shape == (*size, 3)
    turned_path = save(tmp_path / f'b.{ending}', np.ascontiguousarray(picture), exif=turned(6))
    assert decode_photo(turned_path, long_side).shape == (*expected[::-1], 3)


def test_photos_over_the_limit_of_pil_are_read(tmp_path, monkeypatch):
    path = save(tmp_path / 'a.bmp', noise())
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 40 * 60 // 3)  # PIL would refuse more than twice as many
    with pytest.raises(Image.DecompressionBombError):
        Image.open(path)
    assert np.array_equal(decode_photo(path)[..., ::-1], noise())
    assert probe_photo(path).shape == (40, 60) and check_photo(path) is None
    assert Image.MAX_IMAGE_PIXELS == 800


def test_photos_of_too_many_pixels_get_one_line(tmp_path, monkeypatch):
    path = save(tmp_path / 'a.jpg', noise())
    monkeypatch.setattr(photo_file, 'MAX_PIXELS', 2399)
    assert check_photo(path) == '60x40 pixels are more than 2,399'
    for act in (decode_photo, probe_photo):
        with pytest.raises(PhotoError, match=r'a\.jpg.*60x40 pixels are more than') as caught:
            act(path)
        assert '\n' not in str(caught.value)


def spoil_checksum(path: Path) -> None:
    data = bytearray(path.read_bytes())
    place = data.index(b'IDAT') - 4
    length = struct.unpack('>I', data[place : place + 4])[0]
    data[place + 8 + length] ^= 1
    path.write_bytes(data)


def cut(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


@pytest.mark.parametrize('quick', [False, True])
@pytest.mark.parametrize('ending', ['jpg', 'png', 'webp', 'tif', 'bmp'])
def test_damaged_files_are_told(tmp_path, ending, quick):
    path = tmp_path / f'photo.{ending}'
    for share in (0.9, 0.5, 0.1, 0.01):
        save(path, noise(200, 300))
        assert check_photo(path, quick) is None
        cut(path, share)
        assert check_photo(path, quick), share
    path.write_bytes(b'')
    assert check_photo(path, quick) == 'empty'
    path.write_text('<html>not found</html>')
    assert check_photo(path, quick) == 'no picture of a known kind'
    path.unlink()
    assert check_photo(path, quick) == 'missing'
    path.symlink_to(tmp_path / 'nowhere')
    assert check_photo(path, quick) == 'a dead link'
    path.unlink()
    path.mkdir()
    assert check_photo(path, quick) == 'a folder'
    path.rmdir()
    os.mkfifo(path)
    assert check_photo(path, quick) == 'no ordinary file'
    assert check_photo('a\0.jpg') == 'the name holds a NUL character'


@pytest.mark.parametrize('quick', [False, True])
def test_png_with_wrong_checksum_is_told(tmp_path, quick):
    path = save(tmp_path / 'a.png', noise())
    spoil_checksum(path)
    assert check_photo(path, quick) == 'wrong checksum'
    with pytest.raises(PhotoError, match='damaged'):
        decode_photo(path)


def test_phone_photos_with_something_appended_are_whole(tmp_path):
    path = save(tmp_path / 'a.jpg', noise())
    path.write_bytes(path.read_bytes() + bytes(5000))
    assert check_photo(path) is None and check_photo(path, quick=True) is None
    save(tmp_path / 'b.mpo', noise(), save_all=True, append_images=[Image.fromarray(noise())])
    (tmp_path / 'b.mpo').rename(tmp_path / 'b.jpg')
    assert check_photo(tmp_path / 'b.jpg') is None and probe_photo(tmp_path / 'b.jpg').frames == 1
    assert np.array_equal(decode_photo(tmp_path / 'b.jpg'), cv2.imread(str(tmp_path / 'b.jpg')))


def test_content_counts_and_not_the_ending(tmp_path):
    save(tmp_path / 'a.png', noise())
    (tmp_path / 'a.png').rename(tmp_path / 'a.jpg')
    assert probe_photo(tmp_path / 'a.jpg').format == 'PNG' and check_photo(tmp_path / 'a.jpg', quick=True) is None
    assert np.array_equal(decode_photo(tmp_path / 'a.jpg')[..., ::-1], noise())


@pytest.mark.parametrize('make', [None, lambda path: path.mkdir(), lambda path: path.write_text('no photo')])
def test_what_cannot_be_opened_gets_one_line(tmp_path, make):
    path = tmp_path / 'a.jpg'
    if make:
        make(path)
    for act in (decode_photo, probe_photo):
        with pytest.raises(PhotoError, match=r'a\.jpg') as caught:
            act(path)
        assert '\n' not in str(caught.value)


def test_decompression_bombs_are_refused_by_their_head(tmp_path):
    save(tmp_path / 'a.png', noise())
    data = (tmp_path / 'a.png').read_bytes()
    head = struct.pack('>IIBBBBB', 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = data[:8] + struct.pack('>I', 13) + b'IHDR' + head + struct.pack('>I', zlib.crc32(b'IHDR' + head)) + data[33:]
    (tmp_path / 'a.png').write_bytes(bomb)
    with pytest.raises(PhotoError, match='60000x60000 pixels are more than'):
        decode_photo(tmp_path / 'a.png')


def test_endings_in_any_case():
    assert all(is_photo_name(f'a{ending.upper()}') for ending in PHOTO_ENDINGS)
    assert not is_photo_name('a.txt') and not is_photo_name('jpg')


def test_open_picture_leaves_the_limit_of_pil_as_it_was(tmp_path):
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(OSError), open_picture(tmp_path / 'none.png'):
        pass
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize(
    'ending, mode', [('png', 'RGB'), ('png', 'L'), ('png', 'RGBA'), ('tif', 'RGB'), ('bmp', 'RGB')]
)
def test_large_photos_are_reduced_as_soon_as_they_are_decoded(ending, mode, tmp_path, monkeypatch):
    row, column = np.mgrid[:90, :130]
    values = np.stack([row * 2, column, row + column], -1).astype(np.uint8)
    path = tmp_path / f'large.{ending}'
    Image.fromarray(values).convert(mode).save(path)
    usual = photo_file.decode_photo(path, 20)
    monkeypatch.setattr(photo_file, 'LARGE_PIXELS', 1000)
    reduced = photo_file.decode_photo(path, 20)
    assert reduced.shape == usual.shape == (14, 20, 3)
    assert np.abs(reduced.astype(int) - usual).max() <= 3
    assert np.array_equal(photo_file.decode_photo(path), photo_file.decode_photo(path, 1000))
