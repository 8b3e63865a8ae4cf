"""A note of the last checkpoint that is damaged."""

import pytest

from projects.wsis.engine import find_latest_checkpoint


@pytest.mark.parametrize('note', [b'', b'a' * 5000, b'\0', b'\xff\xfe', b'/nowhere/epoch_9.pth', b'a\nb'])
def test_the_newest_checkpoint_counts_where_the_note_names_none(tmp_path, note):
    (tmp_path / 'epoch_1.pth').write_bytes(b'')
    (tmp_path / 'last_checkpoint').write_bytes(note)
    assert find_latest_checkpoint(tmp_path) == tmp_path / 'epoch_1.pth'
