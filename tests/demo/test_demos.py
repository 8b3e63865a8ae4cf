"""The demos, called as a user does."""

import cv2
import numpy as np
from PIL import Image
from random_models import save_random_model
from tiny_chain.processes import ROOT, run_tool

IMAGE_DEMO, VIDEO_DEMO = (ROOT / 'demo' / name for name in ('image_demo.py', 'video_demo.py'))


def test_image_demo_writes_pictures_and_predictions(chain, demo_root, tmp_path):
    photos = sorted((demo_root / 'JPEGImages').iterdir())[:2]
    result = run_tool(None, tmp_path, IMAGE_DEMO, *photos, chain / 'irnet', '--device', 'cpu')
    assert result.status == 0, result.tail
    assert result.output.splitlines()[-1] == f'results: {tmp_path / "outputs"}'
    for photo in photos:
        size = cv2.imread(str(photo)).shape
        for place in ('vis', 'semantic_masks'):
            assert np.array(Image.open(tmp_path / 'outputs' / place / f'{photo.stem}.png')).shape[:2] == size[:2]
    assert (tmp_path / 'outputs' / 'instances.json').is_file()


def test_finished_runs_and_photos_are_not_written_to(demo_root, tmp_path):
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run' / 'label_photos.json').write_text('{}')
    photos = demo_root / 'JPEGImages'
    for out, words in (('run', 'holds the files of a run'), (photos, 'is the folder of the photos')):
        result = run_tool(None, tmp_path, IMAGE_DEMO, photos, 'no_such_model', '--out-dir', out)
        (line,) = result.output.splitlines()
        assert result.status == 1 and line.startswith('error: output folder ') and words in line


def test_missing_inputs_are_told_before_the_model(tmp_path):
    calls = (
        (IMAGE_DEMO, ['none.jpg'], 'error: Photo none.jpg cannot be read (missing); restore or remove it'),
        (VIDEO_DEMO, ['none.mp4', '--out', 'found.mp4'], 'error: video none.mp4 does not exist'),
    )
    for demo, (given, *options), line in calls:
        result = run_tool(None, tmp_path, demo, given, 'no_such_model', *options)
        assert result.status == 1 and result.output.splitlines() == [line], result.tail


def test_checkpoint_may_stand_behind_its_config(demo_root, tmp_path):
    config, checkpoint = save_random_model('deeplab', tmp_path / 'model')
    photos = sorted((demo_root / 'JPEGImages').iterdir())[:2]
    result = run_tool(None, tmp_path, IMAGE_DEMO, *photos, config, checkpoint, '--device', 'cpu', '--no-save-vis')
    assert result.status == 0, result.tail
    found = sorted(path.stem for path in (tmp_path / 'outputs' / 'semantic_masks').iterdir())
    assert found == [photo.stem for photo in photos]
    # without the config it is one line
    result = run_tool(None, tmp_path, IMAGE_DEMO, photos[0], checkpoint, '--device', 'cpu')
    line = f'error: {checkpoint} is a checkpoint: name its config, and the checkpoint as weights (--weights)'
    assert result.status == 1 and result.output.splitlines()[-1] == line


def test_checkpoint_of_the_video_demo_may_too(tmp_path):
    config, checkpoint = save_random_model('deeplab', tmp_path / 'model')
    writer = cv2.VideoWriter(str(tmp_path / 'clip.avi'), cv2.VideoWriter.fourcc(*'MJPG'), 10, (64, 48))
    for number in range(3):
        writer.write(np.full((48, 64, 3), 10 * number, np.uint8))
    writer.release()
    options = ('--device', 'cpu', '--out', 'found.mp4')
    result = run_tool(None, tmp_path, VIDEO_DEMO, 'clip.avi', config, checkpoint, *options)
    assert result.status == 0, result.tail
    assert f'3 frames: {tmp_path / "found.mp4"}' in result.output.splitlines()
    result = run_tool(None, tmp_path, VIDEO_DEMO, 'clip.avi', config, checkpoint, '--weights', 'other.pth', *options)
    assert result.status == 2 and 'name the checkpoint once' in result.output.splitlines()[-1]


def test_bad_input_is_one_line(chain, tmp_path):
    result = run_tool(None, tmp_path, IMAGE_DEMO, 'none.jpg', chain / 'irnet', '--device', 'cpu')
    assert result.status == 1
    line = 'error: Photo none.jpg cannot be read (missing); restore or remove it'
    assert line in result.output.splitlines() and 'Traceback' not in result.output
    assert not (tmp_path / 'outputs').exists()
    result = run_tool(None, tmp_path, VIDEO_DEMO, 'none.mp4', chain / 'irnet', '--out', 'found.mp4')
    assert result.status == 1 and 'error: video none.mp4 does not exist' in result.output.splitlines()
