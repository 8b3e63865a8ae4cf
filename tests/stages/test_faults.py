"""kill -9, resuming, one and two processes, and input that does not fit, on real stages."""

import re
import runpy
import shutil
import signal
import sys
from pathlib import Path

import pytest
import torch
from tiny_chain.fixtures import (
    CONFIGS,
    CROP,
    check_two_processes_train_as_one,
    make_labels,
    read_tiny_config,
    train,
    write_killed_config,
)
from tiny_chain.processes import DEMO_FOLDER, TOOLS, link_demo, run_tool, run_tool_in_ranks

from projects.wsis.apis.launch import apply_resume, run_training
from projects.wsis.engine import load_checkpoint_safely
from projects.wsis.structures import read_json, write_json

CAMS = ('tiny_cam.py', 'classifier/epoch_1.pth', 'cams')
PSEUDO_LABELS = ('tiny_irnet.py', 'irnet/epoch_1.pth', 'pseudo_labels')


def label_files(folder: Path) -> dict[str, bytes]:
    """Contents of all label files of a stage by relative path, without what says when and where they were made."""
    paths = [*folder.glob('*/demo_*'), *folder.glob('instances.json')]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def lineage(folder: Path) -> list:
    return [read_json(path)['lineage'] for path in sorted(folder.glob('*/manifest.json'))]


def assert_same_stage(found: Path, expected: Path, metrics: dict) -> None:
    files, wanted = label_files(found), label_files(expected)
    assert set(files) == set(wanted) and len(files) >= 8
    assert [name for name in wanted if files[name] != wanted[name]] == []
    assert lineage(found) == lineage(expected)
    assert all(read_json(path)['complete'] for path in found.glob('*/manifest.json'))
    assert metrics == pytest.approx(read_json(expected / 'metrics.json'), rel=1e-9)


def options_of(chain: Path, stage: str) -> dict:
    cams = {'test_dataloader.dataset.data_prefix.cams': str(chain / 'cams/cams')}
    return cams if stage == 'pseudo_labels' else {}


@pytest.mark.parametrize('name, checkpoint, stage', [CAMS, PSEUDO_LABELS], ids=['cams', 'pseudo labels'])
def test_two_processes_make_the_same_files(chain, demo_root, tmp_path, name, checkpoint, stage):
    command = ['test.py', CONFIGS / name, chain / checkpoint, '--work-dir', 'work', '--metrics', 'out.json']
    if options := options_of(chain, stage):
        command += ['--cfg-options', *(f'{key}={value}' for key, value in options.items())]
    result = run_tool_in_ranks(demo_root, tmp_path, 2, *command)
    assert result.status == 0, result.tail
    assert_same_stage(tmp_path / 'work', chain / stage, read_json(tmp_path / 'out.json'))


def test_killed_label_making_goes_on(chain, demo_environment, tmp_path, one_thread):
    config = write_killed_config(tmp_path / 'killed.py', 'tiny_cam.py', 'test', 2)
    command = ['test.py', config, chain / 'classifier/epoch_1.pth', '--work-dir', 'work']
    result = run_tool(demo_environment, tmp_path, *command)
    assert result.status == -signal.SIGKILL, result.tail
    store = tmp_path / 'work/cams'
    finished = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in store.glob('*.npz')}
    assert len(finished) == 3 and read_json(store / 'manifest.json')['complete'] is False
    (store / '.demo_000005.npz.12345.tmp').write_bytes(b'half-written')  # as if killed while writing
    metrics = make_labels('tiny_cam.py', chain / 'classifier/epoch_1.pth', tmp_path / 'work')
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in finished} == finished
    assert_same_stage(tmp_path / 'work', chain / 'cams', metrics)
    assert not list(store.glob('.*'))


@pytest.fixture
def interrupted(chain, tmp_path) -> Path:
    """A copy of the pseudo labels as an interrupted run leaves them: photos in the middle are missing, and one has its
    semantic mask, but no instances."""
    work = tmp_path / 'work'
    shutil.copytree(chain / 'pseudo_labels', work)
    for manifest in work.glob('*/manifest.json'):
        write_json(manifest, dict(read_json(manifest), complete=False))
    for number in (1, 3, 4):
        (work / f'instances/demo_{number:06d}.json').unlink()
        if number != 4:
            (work / f'semantic_masks/demo_{number:06d}.png').unlink()
    (work / 'instances.json').unlink()
    return work


def test_two_stores_go_on_together(chain, interrupted, demo_environment, one_thread):
    kept = {path: path.stat().st_mtime_ns for path in interrupted.glob('*/demo_*')}
    metrics = make_labels(
        'tiny_irnet.py', chain / 'irnet/epoch_1.pth', interrupted, **options_of(chain, 'pseudo_labels')
    )
    assert_same_stage(interrupted, chain / 'pseudo_labels', metrics)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_metrics_of_a_resumed_run_see_the_photos_in_their_order(chain, interrupted, demo_environment, monkeypatch):
    """The order decides between instances of equal score."""
    from projects.wsis.evaluation import VOCInstanceMetric

    seen = []
    monkeypatch.setattr(VOCInstanceMetric, 'measure_photo', lambda self, sample: sample['img_id'])
    monkeypatch.setattr(VOCInstanceMetric, 'summarize', lambda self, measures: seen.extend(measures) or {})
    make_labels('tiny_irnet.py', chain / 'irnet/epoch_1.pth', interrupted, **options_of(chain, 'pseudo_labels'))
    assert seen == [f'demo_{number:06d}' for number in range(8)]


@pytest.mark.parametrize('change', ['checkpoint', 'tags', 'switch'])
def test_labels_of_another_lineage_are_made_anew(chain, interrupted, demo_copy, tmp_path, change):
    checkpoint, options = chain / 'irnet/epoch_1.pth', options_of(chain, 'pseudo_labels')
    if change == 'checkpoint':
        content = load_checkpoint_safely(checkpoint)
        content['meta']['note'] = 'other'
        checkpoint = tmp_path / 'other.pth'
        torch.save(content, checkpoint)
    elif change == 'tags':
        path = demo_copy / 'Annotations/demo_000000.xml'
        text = path.read_text()
        name = re.search('<name>(.*?)</name>', text)[1]
        path.write_text(text.replace(f'<name>{name}<', f'<name>{"car" if name == "cactus" else "cactus"}<'))
    else:
        options['model.test_cfg.displacement'] = False
    old = {path: path.stat().st_mtime_ns for path in interrupted.glob('*/demo_*')}
    make_labels('tiny_irnet.py', checkpoint, interrupted, **options)
    assert not any(path.stat().st_mtime_ns == time for path, time in old.items())


def test_killed_training_goes_on_from_its_checkpoint(demo_environment, tmp_path, caplog):
    config = write_killed_config(tmp_path / 'killed.py', 'tiny_cam.py', 'train', 2)  # the first of the second epoch
    command = ['train.py', config, '--work-dir', 'work', '--cfg-options', 'train_cfg.max_epochs=2']
    result = run_tool(demo_environment, tmp_path, *command)
    assert result.status == -signal.SIGKILL, result.tail
    assert [path.name for path in (tmp_path / 'work').glob('*.pth')] == ['epoch_1.pth']
    first = (tmp_path / 'work/epoch_1.pth').stat().st_mtime_ns
    train('tiny_cam.py', tmp_path / 'work', resume='auto', **{'train_cfg.max_epochs': 2})
    assert (tmp_path / 'work/epoch_1.pth').stat().st_mtime_ns == first
    assert load_checkpoint_safely(tmp_path / 'work/epoch_2.pth')['meta']['iter'] == 4


def test_training_killed_in_its_last_validation_validates_when_it_goes_on(chain, demo_environment, tmp_path):
    (tmp_path / 'work').mkdir()
    content = load_checkpoint_safely(chain / 'classifier/epoch_1.pth')  # saved before the validation of its epoch
    assert not any(name.startswith('val/') for name in content['message_hub']['log_scalars'])
    torch.save(content, tmp_path / 'work/epoch_1.pth')
    cfg = read_tiny_config('tiny_cam.py', tmp_path / 'work')
    apply_resume(cfg, 'auto')
    run_training(cfg, tmp_path / 'metrics.json')
    assert read_json(tmp_path / 'metrics.json') == pytest.approx(read_json(chain / 'classifier/metrics.json'))


def test_training_killed_before_the_displacement_mean_gets_it(chain, demo_environment, tmp_path, one_thread):
    work = tmp_path / 'irnet'
    work.mkdir()
    content = load_checkpoint_safely(chain / 'irnet/epoch_1.pth')
    mean = content['state_dict']['head.displacement_mean'].clone()
    content['state_dict']['head.displacement_mean'].zero_()
    torch.save(content, work / 'epoch_1.pth')
    train('tiny_irnet.py', work, resume='auto', **irnet_options(chain))
    after = load_checkpoint_safely(work / 'epoch_1.pth')['state_dict']
    torch.testing.assert_close(after['head.displacement_mean'], mean)
    assert all(torch.equal(after[name], value) for name, value in content['state_dict'].items() if 'mean' not in name)


def irnet_options(chain: Path) -> dict:
    return {
        'train_dataloader.dataset.data_prefix.inter_pixel_labels': str(chain / 'inter_pixel_labels/inter_pixel_labels'),
        'model.backbone.init_cfg.checkpoint': str(chain / 'classifier/epoch_1.pth'),
    }


@pytest.mark.parametrize('name', ['tiny_cam.py', 'tiny_irnet.py'])
def test_two_processes_train_as_one_on_the_same_global_batch(chain, demo_environment, tmp_path, one_thread, name):
    loads, options = ['LoadPhoto'], {}
    if 'irnet' in name:
        loads, options = [*loads, 'LoadInterPixelLabels'], irnet_options(chain)
    check_two_processes_train_as_one(demo_environment, tmp_path, name, [*loads, CROP, 'PackTagInputs'], options)


def call_tool(monkeypatch, capsys, folder: Path, tool: str, *arguments: object) -> str:
    """Run a tool in this process; it must fail, and its one line is returned."""
    monkeypatch.syspath_prepend(str(TOOLS))
    monkeypatch.chdir(link_demo(folder, DEMO_FOLDER.resolve()))  # the demo set of the fixture's current folder
    monkeypatch.setattr(sys, 'argv', [tool, *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(TOOLS / tool), run_name='__main__')
    assert caught.value.code == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith('error')]
    return line


def test_cam_store_of_another_class_list_gets_one_line(chain, demo_environment, tmp_path, monkeypatch, capsys):
    config = tmp_path / 'others.py'
    classes = ('bird', 'butterfly', 'cactus', 'car', 'fish', 'flower', 'mushroom', 'ladybird')
    config.write_text(
        f'_base_ = [{str(CONFIGS / "tiny_inter_pixel_labels.py")!r}]\n'
        f'test_dataloader = dict(dataset=dict(metainfo=dict(classes={classes!r})))\n'
    )
    line = call_tool(
        monkeypatch,
        capsys,
        tmp_path,
        'test.py',
        config,
        'none',
        '--work-dir',
        'work',
        '--cfg-options',
        f'test_dataloader.dataset.data_prefix.cams={chain / "cams/cams"}',
    )
    assert 'the first that differs, class' in line and 'make the cams again' in line
    assert not (tmp_path / 'work/inter_pixel_labels').exists()


def test_checkpoint_of_another_model_gets_one_line(chain, demo_environment, tmp_path, monkeypatch, capsys):
    line = call_tool(
        monkeypatch,
        capsys,
        tmp_path,
        'test.py',
        CONFIGS / 'tiny_irnet.py',
        chain / 'classifier/epoch_1.pth',
        '--work-dir',
        'work',
        '--cfg-options',
        f'test_dataloader.dataset.data_prefix.cams={chain / "cams/cams"}',
    )
    assert 'is not of this model (IRNet' in line


def test_damaged_photo_is_left_out_or_gets_one_line(chain, demo_copy, tmp_path, monkeypatch, capsys):
    (demo_copy / 'JPEGImages/demo_000002.jpg').write_bytes(b'no photo \xff\xd9')
    strict = ['--cfg-options', 'test_dataloader.dataset.on_bad_photo=error']
    line = call_tool(
        monkeypatch, capsys, tmp_path, 'test.py', CONFIGS / 'tiny_cam.py', chain / 'classifier/epoch_1.pth', *strict
    )
    assert re.search(r'1 of 8 photos are missing or damaged .*demo_000002: .*restore them', line)
    monkeypatch.chdir(link_demo(tmp_path, demo_copy))
    metrics = make_labels('tiny_cam.py', chain / 'classifier/epoch_1.pth', tmp_path / 'cams')
    assert metrics['cams/photos'] == 7


@pytest.mark.parametrize(
    'spoil, message',
    [
        (lambda root: (root / 'Annotations/demo_000002.xml').unlink(), r'demo_000002\.xml does not exist'),
        (lambda root: shutil.rmtree(root / 'JPEGImages'), 'Photo folder .* does not exist'),
    ],
)
def test_spoilt_data_gets_one_line_from_the_tools(chain, demo_copy, tmp_path, monkeypatch, capsys, spoil, message):
    spoil(demo_copy)
    line = call_tool(
        monkeypatch,
        capsys,
        tmp_path,
        'test.py',
        CONFIGS / 'tiny_cam.py',
        chain / 'classifier/epoch_1.pth',
        '--work-dir',
        'work',
    )
    assert re.search(message, line)


def test_pipeline_tool_tells_failures_in_one_line(demo_environment, tmp_path, monkeypatch, capsys):
    line = call_tool(monkeypatch, capsys, tmp_path, 'pipeline.py', CONFIGS / 'tiny_pipeline.py', '--only', 'nothing')
    assert "There is no stage 'nothing'; the stages are classifier, cams" in line
    line = call_tool(monkeypatch, capsys, tmp_path, 'pipeline.py', CONFIGS / 'tiny_cam.py')
    assert 'is no pipeline: it has no `stages`' in line
