"""The record of working copies is written rarely where it takes long, as it does with millions of photos."""

import cv2
import numpy as np
import pytest

from projects.wsis.labelling import working_copy


class Clock:
    """Time that passes only where something says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize('seconds, most', [(0.1, 22), (5.0, 4)])
def test_records_take_a_small_share_of_the_time(seconds, most, tmp_path, monkeypatch):
    clock, written = Clock(), []

    def write(path, content, indent):
        clock.now += seconds
        written.append(clock.now)

    def work(function, jobs, processes, title):
        for job in jobs:
            clock.now += 1
            yield function(job)

    monkeypatch.setattr(working_copy, 'time', clock)
    monkeypatch.setattr(working_copy, 'write_json', write)
    monkeypatch.setattr(working_copy, 'map_jobs', work)
    photo = tmp_path / 'photo.jpg'
    cv2.imwrite(str(photo), np.zeros((8, 8, 3), np.uint8))
    working_copy.prepare_photos({f'{index}.jpg': photo for index in range(200)}, tmp_path / 'copies')
    # the first, the last, and one in 10 seconds or more between them
    assert 3 <= len(written) <= most
    share = seconds * len(written[1:-1]) / written[-1]
    assert share <= working_copy.SHARE_FOR_RECORDS
