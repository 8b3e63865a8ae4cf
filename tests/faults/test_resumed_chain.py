"""Damaged results of the tiny chain: found when it is resumed, made again, equal to the byte; nothing else runs."""

import shutil

import pytest
from tiny_chain.fixtures import CONFIGS, make_labels, read_tiny_config
from tiny_chain.processes import run_tool

from projects.wsis.apis.launch import apply_resume
from projects.wsis.engine import load_checkpoint_safely
from projects.wsis.inspection.fault_trials.artifacts import find_differences, find_half_written, read_labels
from projects.wsis.structures import read_json
from projects.wsis.structures.pseudo_label_store import reopen


def flip(path, position):
    content = path.read_bytes()
    path.write_bytes(content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])


def test_damaged_labels_are_made_again_and_no_other(chain, demo_root, tmp_path):
    work = tmp_path / 'work'
    shutil.copytree(chain, work)
    cams, masks = work / 'cams/cams/demo_000003.npz', work / 'pseudo_labels/semantic_masks/demo_000005.png'
    flip(cams, 200)
    masks.write_bytes(masks.read_bytes()[:-20])
    times = {path: path.stat().st_mtime_ns for path in work.rglob('demo_*') if path not in (cams, masks)}
    result = run_tool(
        demo_root, tmp_path, 'pipeline.py', CONFIGS / 'tiny_pipeline.py', '--work-dir', work, '--no-report'
    )
    assert result.status == 0, result.tail
    told = [line.strip() for line in result.output.splitlines() if 'missing or damaged' in line]
    assert [line.split(' missing')[0] for line in told] == [
        'cams: cams/demo_000003.npz',
        'pseudo_labels: semantic_masks/demo_000005.png',
    ]
    assert result.output.count('complete already') == 3
    assert find_differences(work, chain) == [] and find_half_written(work, temporary=True) == []
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert sorted(path.name for path in (work / '.previous').rglob('demo_*')) == [cams.name, masks.name]


def test_damaged_label_of_an_interrupted_stage_is_made_again(chain, demo_environment, tmp_path, one_thread, capfd):
    work = tmp_path / 'cams'
    shutil.copytree(chain / 'cams', work)
    reopen(work / 'cams')
    flip(work / 'cams/demo_000002.npz', 100)
    (work / 'cams/demo_000004.npz').unlink()
    make_labels('tiny_cam.py', chain / 'classifier/epoch_1.pth', work)
    assert read_labels(tmp_path)['cams/cams/files.sha256'] == read_labels(chain)['cams/cams/files.sha256']
    told = [line for line in ''.join(capfd.readouterr()).splitlines() if 'are damaged' in line]
    assert len(told) == 1 and '1 files of an earlier run are damaged' in told[0] and 'demo_000002.npz' in told[0]


@pytest.mark.parametrize('whole', [True, False])
def test_training_goes_on_from_its_last_whole_checkpoint(chain, demo_environment, tmp_path, capsys, whole):
    work = tmp_path / 'classifier'
    shutil.copytree(chain / 'classifier', work)
    (work / 'epoch_1.pth').rename(work / 'epoch_2.pth')
    shutil.copy(chain / 'classifier/epoch_1.pth', work)
    (work / 'last_checkpoint').write_text(str(work / 'epoch_2.pth'))
    if not whole:
        flip(work / 'epoch_2.pth', (work / 'epoch_2.pth').stat().st_size // 2)
    cfg = read_tiny_config('tiny_cam.py', work)
    apply_resume(cfg, 'auto')
    assert cfg.resume and cfg.load_from == str(work / f'epoch_{2 if whole else 1}.pth')
    assert ('epoch_2.pth is damaged' in capsys.readouterr().err) is not whole


def test_manifests_say_the_hash_of_all_files(chain):
    manifests = list(chain.glob('*/*/manifest.json'))
    assert len(manifests) == 4 and all(len(read_json(path)['files_hash']) == 64 for path in manifests)
    assert load_checkpoint_safely(chain / 'classifier/epoch_1.pth')['meta']['iter'] == 2
