"""A folder with too many files is told of before labels are made."""

import pytest

from projects.wsis.engine.loops import pseudo_label_loop
from projects.wsis.engine.loops.pseudo_label_loop import warn_of_large_folder


@pytest.mark.parametrize(
    'photos, words',
    [
        (['a', 'b', 'c', 'x/d'], '3 photos lie in one folder, and so will their labels'),
        (['a', 'x/y/b', 'x/y/c', 'x/y/d', 'x/y/e'], '4 photos lie in the folder x/y, and'),
        (['a', 'b', 'x/c', 'x/d', 'y/e', 'y/f'], None),
    ],
)
def test_only_folders_of_too_many_photos(photos, words, monkeypatch):
    lines = []
    monkeypatch.setattr(pseudo_label_loop, 'print_log', lambda message, *_: lines.append(message))
    monkeypatch.setattr(pseudo_label_loop, 'MANY_FILES', 2)
    warn_of_large_folder(dict.fromkeys(photos))
    assert len(lines) == (words is not None)
    if words:
        assert lines[0].startswith(words) and '\n' not in lines[0]
