"""Inputs that are not there are told before a model is run on the others."""

import re

import numpy as np
import pytest

from projects.wsis.apis.inference.inputs import check_inputs


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / 'photos').mkdir()
    (tmp_path / 'empty').mkdir()
    for name in ('photos/a.jpg', 'b.png', 'c.mp4'):
        (tmp_path / name).write_bytes(b'not looked at')
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ('inputs', 'line'),
    [
        ('none.jpg', 'Photo none.jpg cannot be read (missing); restore or remove it'),
        (['none.jpg'], 'Photo none.jpg cannot be read (missing); restore or remove it'),
        (['none.jpg', 'no.png'], 'none of 2 images is there (first: none.jpg): check their paths'),
        ('none.mp4', 'video none.mp4 does not exist'),
        (['b.png', 'none.mp4'], 'video none.mp4 does not exist'),
        ('empty', 'folder empty holds no image: name one that does, or a file'),
        (['b.png', 'empty'], 'folder empty holds no image: name one that does, or a file'),
    ],
)
def test_what_is_missing_is_one_line(inputs, line, folder):
    with pytest.raises((FileNotFoundError, ValueError), match=f'^{re.escape(line)}$'):
        check_inputs(inputs)


def test_what_is_there_is_taken(folder):
    pixels = np.zeros((2, 2, 3), np.uint8)
    for inputs in ('photos', 'b.png', folder / 'b.png', 'c.mp4', 0, pixels, 'https://host/none.jpg', [], [pixels, 0]):
        check_inputs(inputs)
    check_inputs(['b.png', 'none.jpg'])  # one of several is left out, with a warning
