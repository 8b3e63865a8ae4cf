"""A damaged checkpoint is passed over, and times of files do not decide which one is the newest."""

import os
import time

import pytest
import torch

from projects.wsis.engine import find_latest_checkpoint, find_whole_checkpoint, is_whole_checkpoint

SIZE = 5000


def save(path, number=0.0):
    torch.save(dict(state_dict=dict(a=torch.full((SIZE,), number))), path)
    return path


def flip_in_the_weights(data):
    middle = data.index(torch.full((20,), 2.0).numpy().tobytes()) + 4000
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


DAMAGES = [flip_in_the_weights, lambda data: data[: len(data) // 2], lambda data: data[:-30], lambda data: b'']


@pytest.mark.parametrize('damage', DAMAGES)
@pytest.mark.parametrize('noted', [True, False])
def test_the_checkpoint_before_a_damaged_one_is_resumed(tmp_path, capsys, damage, noted):
    for number in (1, 2):
        save(tmp_path / f'epoch_{number}.pth', float(number))
    newest = tmp_path / 'epoch_2.pth'
    if noted:
        (tmp_path / 'last_checkpoint').write_text(str(newest))
    assert find_whole_checkpoint(tmp_path) == newest and capsys.readouterr().err == ''
    newest.write_bytes(damage(newest.read_bytes()))
    assert find_latest_checkpoint(tmp_path) == newest
    assert find_whole_checkpoint(tmp_path) == tmp_path / 'epoch_1.pth'
    assert capsys.readouterr().err.splitlines() == [
        f'{newest} is damaged: the one before it is resumed, if there is any'
    ]
    newest.rename(tmp_path / 'epoch_1.pth')
    assert find_whole_checkpoint(tmp_path, tell=False) is None and capsys.readouterr().err == ''


def test_torch_itself_does_not_see_a_flipped_bit(tmp_path):
    """Else none of this would be needed."""
    path = save(tmp_path / 'epoch_1.pth', 2.0)
    path.write_bytes(flip_in_the_weights(path.read_bytes()))
    weights = torch.load(path, weights_only=True)['state_dict']['a']
    assert not torch.equal(weights, torch.full((SIZE,), 2.0))


def test_file_of_an_old_torch_is_read_to_its_end(tmp_path):
    path = tmp_path / 'epoch_1.pth'
    torch.save(dict(a=torch.ones(SIZE)), path, _use_new_zipfile_serialization=False)
    assert is_whole_checkpoint(path)
    path.write_bytes(path.read_bytes()[:-100])
    assert not is_whole_checkpoint(path)


def test_times_of_files_decide_nothing(tmp_path):
    for number in (2, 9, 10):
        save(tmp_path / f'epoch_{number}.pth')
    later = time.time() + 1e8
    os.utime(tmp_path / 'epoch_9.pth', (later, later))
    assert find_latest_checkpoint(tmp_path) == find_whole_checkpoint(tmp_path) == tmp_path / 'epoch_10.pth'
