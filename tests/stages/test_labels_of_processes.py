"""Every method makes the same files in one process, in two, on two nodes and in three; no photo is made twice."""

import json
from functools import partial
from pathlib import Path

import pytest
import torch
from mmengine.registry import MODELS, DefaultScope, init_default_scope
from tiny_chain.fixtures import make_once, read_tiny_config, write_points
from tiny_chain.processes import ROOT, TESTS, link_demo, run_script_in_ranks

from projects.wsis.structures import read_json, write_json

CAMS = 'test_dataloader.dataset.data_prefix.cams'
POINTS = 'test_dataloader.dataset.points_file'
#: Processes and nodes; three on two nodes are two and one.
GROUPS = {
    '1 process': dict(processes=1, nodes=1),
    '2 processes': dict(processes=2, nodes=1),
    '3 processes': dict(processes=3, nodes=1),
    '2 nodes': dict(processes=2, nodes=2),
}
#: What is made of each method, its config, what is read, and how many photos there are.
STAGES = {
    'CAM: CAMs': ('tiny_cam.py', 8),
    'SEAM: CAMs': ('tiny_seam.py', 8),
    'PPC on SEAM: CAMs': ('tiny_ppc.py', 8),
    'EPS: CAMs': ('tiny_eps.py', 8),
    'PPC on EPS: CAMs': ('tiny_ppc_eps.py', 8),
    'PAM: peaks': ('tiny_pam.py', 8),
    'AffinityNet: labels': ('tiny_affinity_labels.py', 8),
    'AffinityNet: masks': ('tiny_affinitynet.py', 8),
    'IRNet: labels': ('tiny_inter_pixel_labels.py', 8),
    'IRNet: masks': ('tiny_irnet.py', 8),
    'BESTIE: labels': ('tiny_bestie_labels.py', 8),
    'BESTIE: labels of points': ('tiny_bestie_point_labels.py', 8),
    'DeepLab: maps': ('tiny_deeplab_maps.py', 8),
    'DeepLab: predictions': ('tiny_deeplab.py', 4),
    'Mask R-CNN: predictions': (str(ROOT / 'configs/mask_rcnn/mask-rcnn_r18_6e_demo.py'), 4),
}


def save_random_network(config: str, folder: Path) -> str:
    """Save a network with random weights; those of the same seed are the same."""
    cfg = read_tiny_config(config, folder / 'unused')
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    for part in ('backbone', 'decode_head'):
        if part in cfg.model:
            cfg.model[part].pop('init_cfg', None)
    path = folder / f'{Path(config).stem}.pth'
    torch.save(dict(state_dict=MODELS.build(cfg.model).state_dict(), meta={}), path)
    return str(path)


def describe_stages(chain: Path, folder: Path) -> list[dict]:
    """Return what tiny_chain/make_all_labels.py is to make: IRNet by its trained network, others by random ones."""
    stages = []
    for name, (config, _) in STAGES.items():
        options = {CAMS: str(chain / 'cams/cams')} if name.startswith(('AffinityNet', 'IRNet')) else {}
        if 'points' in name:
            options[POINTS] = str(write_points(folder / 'points.json'))
        checkpoint = None
        if 'irnet' in config:
            checkpoint = str(chain / 'irnet/epoch_1.pth')
        elif name not in ('AffinityNet: labels', 'IRNet: labels'):
            checkpoint = save_random_network(config, folder)
        stages.append(dict(name=name, config=config, checkpoint=checkpoint, options=options, out='predict' in name))
    return stages


@pytest.fixture(scope='module')
def made(chain, demo_root, tmp_path_factory):
    """Groups, each with a folder that has a folder of each stage."""

    def describe(folder):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(link_demo(folder, demo_root))
            patch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())
            write_json(folder / 'stages.json', describe_stages(chain, folder))

    stages = make_once(tmp_path_factory, 'stages_of_labels', describe) / 'stages.json'

    def make(folder, processes, nodes):
        script = TESTS / 'tiny_chain/make_all_labels.py'
        result = run_script_in_ranks(link_demo(folder, demo_root), processes, nodes, script, stages, 'made')
        assert result.status == 0, result.tail

    return {
        group: make_once(tmp_path_factory, f'labels_of_{group}'.replace(' ', '_'), partial(make, **sizes)) / 'made'
        for group, sizes in GROUPS.items()
    }


def read_files(folder: Path) -> dict[str, bytes]:
    """Return the contents of all that a stage has made, by relative path, but for logs, configs and times."""
    paths = [path for path in folder.rglob('*') if path.suffix in ('.npz', '.png', '.json')]
    paths = [path for path in paths if path.stem != path.parent.name]  # the metrics with times, by the time of the run
    left_out = ('manifest.json', 'metrics.json', 'scalars.json')
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in paths
        if path.name not in left_out and 'vis_data' not in path.parts
    }


def read_numbers(folder: Path) -> dict[str, float]:
    """Return the metrics of a stage, without times."""
    return {name: value for name, value in read_json(folder / 'metrics.json').items() if 'time' not in name}


@pytest.mark.parametrize('name', STAGES)
def test_files_and_numbers_are_equal(made, name):
    wanted, photos = read_files(made['1 process'] / name), STAGES[name][1]
    assert count_photos(wanted) == photos
    assert len(set(wanted.values())) > len(wanted) / 2, 'labels differ among photos'
    numbers = read_numbers(made['1 process'] / name)
    for group, folder in made.items():
        found = read_files(folder / name)
        assert set(found) == set(wanted), group
        assert [path for path in wanted if found[path] != wanted[path]] == [], group
        assert read_numbers(folder / name) == numbers, group
        manifests = [read_json(path) for path in sorted((folder / name).glob('*/manifest.json'))]
        alone = [read_json(path) for path in sorted((made['1 process'] / name).glob('*/manifest.json'))]
        assert manifests == alone and all(manifest['count'] == photos for manifest in manifests)


def count_photos(files: dict[str, bytes]) -> int:
    """Return how many photos the files tell of: those of the json, where there is one, each once."""
    for name, content in files.items():
        if name.endswith('instances.json'):
            content = json.loads(content)
            names = [image['file_name'] for image in content['images']]
            assert len(set(names)) == len(names) and content['annotations']
            return len(names)
    return len([name for name in files if '/' in name])
