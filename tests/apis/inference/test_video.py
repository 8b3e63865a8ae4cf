"""Videos are read frame by frame, and written whole or not at all."""

import cv2
import numpy as np
import pytest
from random_models import save_random_model

from projects.wsis.apis import WSISInferencer
from projects.wsis.apis.inference import inputs, video
from projects.wsis.apis.inference.inputs import NewImage, iterate_images
from projects.wsis.apis.inference.video import draw_video

SIZE = (48, 64)


@pytest.fixture
def clip(tmp_path):
    """A video of 20 frames that get brighter."""
    path = tmp_path / 'clip.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 10, SIZE[::-1])
    for number in range(20):
        writer.write(np.full((*SIZE, 3), 10 * number, np.uint8))
    writer.release()
    return path


def read_lines(monkeypatch):
    lines = []
    monkeypatch.setattr(inputs, 'print_log', lambda message, *_: lines.append(message))
    return lines


def test_frames_come_in_order(clip, monkeypatch):
    lines = read_lines(monkeypatch)
    frames = list(iterate_images(clip))
    assert [frame.name for frame in frames] == [f'clip_{number:06d}' for number in range(20)]
    assert [round(frame.pixels.mean() / 10) for frame in frames] == list(range(20)) and not lines


class EndingEarly:
    """A video that can be read for 12 frames only, as an unfinished download."""

    def __init__(self, source):
        self.capture, self.left = cv2.VideoCapture(source), 12

    def read(self):
        self.left -= 1
        return self.capture.read() if self.left >= 0 else (False, None)

    def __getattr__(self, name):
        return getattr(self.capture, name)


def test_video_that_ends_early_gives_what_is_there(clip, monkeypatch):
    lines = read_lines(monkeypatch)
    monkeypatch.setattr(inputs, 'VideoCapture', EndingEarly)
    assert len(list(iterate_images([clip]))) == 12
    assert lines == [f'video {clip} ends after 12 of 20 frames']


def test_what_is_found_becomes_a_video(clip, tmp_path):
    inferencer = WSISInferencer(*save_random_model('deeplab', tmp_path), device='cpu', show_progress=False)
    out = tmp_path / 'new' / 'found.mp4'
    assert draw_video(inferencer, str(clip), str(out)) == 20
    assert len(list(iterate_images(out))) == 20 and [path.name for path in out.parent.iterdir()] == ['found.mp4']


class Failing:
    """Stands for an inferencer that fails at the third frame, or is stopped there."""

    def __init__(self, error):
        self.error = error

    def iterate(self, source, **_):
        for number, frame in enumerate(inputs.iterate_frames(source)):
            if number == 2:
                raise self.error
            yield NewImage(frame.name, frame.pixels), None, frame.pixels


def test_nothing_half_written_is_left(clip, tmp_path):
    out = tmp_path / 'out' / 'found.mp4'
    with pytest.raises(RuntimeError, match='broken'):
        draw_video(Failing(RuntimeError('broken')), str(clip), str(out))
    assert not list(out.parent.iterdir())
    assert draw_video(Failing(KeyboardInterrupt()), str(clip), str(out)) == 2  # Ctrl-C keeps what there is
    assert len(list(iterate_images(out))) == 2


@pytest.mark.parametrize('name', ['clip.mp4', 'sub/../clip.mp4', 'link.mp4', 'other.mp4', 'ABSOLUTE'])
def test_the_video_that_is_read_is_not_overwritten(name, clip, tmp_path, monkeypatch):
    source = clip.rename(tmp_path / 'clip.mp4')
    content = source.read_bytes()
    (tmp_path / 'sub').mkdir()
    (tmp_path / 'link.mp4').symlink_to('clip.mp4')
    (tmp_path / 'other.mp4').hardlink_to(source)
    monkeypatch.chdir(tmp_path)
    out = str(source) if name == 'ABSOLUTE' else name
    for given in ('clip.mp4', 'link.mp4', str(source)):
        with pytest.raises(ValueError, match='is the video that is read, which would be overwritten') as caught:
            draw_video(Failing(RuntimeError('broken')), given, out)
        assert '\n' not in str(caught.value)
    assert source.read_bytes() == content and (tmp_path / 'link.mp4').is_symlink()


def test_an_earlier_result_is_overwritten(clip, tmp_path):
    for _ in range(2):
        assert draw_video(Failing(KeyboardInterrupt()), str(clip), str(tmp_path / 'found.mp4')) == 2


def test_other_endings_and_missing_videos_get_one_line(clip, tmp_path):
    with pytest.raises(ValueError, match='use a name that ends in .mp4'):
        draw_video(Failing(None), str(clip), 'found.gif')
    with pytest.raises(FileNotFoundError, match='does not exist'):
        draw_video(Failing(None), str(tmp_path / 'none.mp4'), 'found.mp4')
    clip.write_text('no video')
    with pytest.raises(ValueError, match='clip.avi cannot be opened'):
        video.draw_video(Failing(None), str(clip), 'found.mp4')
