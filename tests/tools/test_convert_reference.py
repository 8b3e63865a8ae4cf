"""Converting checkpoints of the official IRNet code: what is taken, and what is refused in one line."""

import pickle
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from tiny_chain.processes import run_tool

from projects.wsis.engine import load_checkpoint_safely
from projects.wsis.reference.convert import convert_reference, convert_state_dict
from projects.wsis.reference.networks import REFERENCE_NETWORKS

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / 'tools' / 'model_converters' / 'convert_reference.py'
TABLES = {
    'irn-cam': 'irn_cam',
    'irn': 'irn_edge_displacement',
    'eps-cls': 'eps_cls',
    'eps': 'eps',
    'seam': 'seam',
    'ppc-seam': 'ppc',
    'affinitynet': 'seam_aff',
    'deeplab-v1': 'deeplab_v1_resnet38',
    'deeplab-v1-r101': 'deeplab_v1_resnet101',
    'deeplab-v2-ppc': 'deeplab_v2_resnet101',
    'deeplab-v2-eps': 'deeplab_v2_kazuto',
}


def refuse(state_dict, name):
    with pytest.raises(ValueError) as error:
        convert_state_dict(state_dict, REFERENCE_NETWORKS[name], 'given.pth')
    message = str(error.value)
    assert message.startswith('given.pth') and '\n' not in message and len(message) < 1000
    return message


@pytest.mark.parametrize('name', TABLES)
def test_keys_and_shapes_are_those_of_the_public_network(name, public_key_table):
    network, rows = REFERENCE_NETWORKS[name], public_key_table(TABLES[name])
    assert {key: tuple(shape) for key, shape, _, alias in rows if alias is None} == network.shapes
    aliases = {key: rows[alias][0] for key, _, _, alias in rows if alias is not None}
    assert {key: network.original_of(key) for key in network.alias_names()} == aliases
    targets = [network.target_of(key) for key in network.shapes]
    assert len(set(targets)) == len(targets) and None not in targets
    assert (ROOT / network.config).is_file()


def test_training_saves_the_same_network_and_known_tables(public_key_table):
    network = REFERENCE_NETWORKS['irn']
    more = [row for row in public_key_table('irn_affinity_displacement_loss') if network.dropped.fullmatch(row[0])]
    rest = [row[:3] for row in public_key_table('irn_affinity_displacement_loss') if row not in more]
    assert rest == [row[:3] for row in public_key_table('irn_edge_displacement')]
    assert len(more) == 21 and not any(network.dropped.fullmatch(key) for key in network.shapes)


def test_file_of_training_gives_the_weights_of_the_file_for_inference(public_state_dict, public_key_table):
    network, state_dict = REFERENCE_NETWORKS['irn'], public_state_dict('irn_edge_displacement')
    saved = {
        key: state_dict[key] if key in state_dict else torch.zeros(shape, dtype=getattr(torch, dtype))
        for key, shape, dtype, _ in public_key_table('irn_affinity_displacement_loss')
    }
    expected = convert_state_dict(state_dict, network, 'inference.pth')
    found = convert_state_dict(saved, network, 'training.pth')
    assert found.keys() == expected.keys()
    assert all(torch.equal(value, expected[key]) for key, value in found.items())
    assert torch.allclose(found['head.displacement_mean'], torch.tensor([0.7, -0.4]))


def test_tool_writes_a_checkpoint_of_mmengine(public_state_dict, tmp_path):
    state_dict = public_state_dict('irn_cam')
    torch.save(state_dict, tmp_path / 'public.pth')
    result = run_tool(None, tmp_path, TOOL, '--from', 'irn-cam', 'public.pth', 'new/ours.pth')
    assert result.status == 0, result.output
    assert 'configs/cam/cam_r50_reference_voc2012.py' in result.output
    checkpoint = load_checkpoint_safely(tmp_path / 'new' / 'ours.pth')
    assert torch.equal(checkpoint['state_dict']['head.classifier.weight'], state_dict['classifier.weight'])
    classes = Config.fromfile(ROOT / 'configs' / '_base_' / 'datasets' / 'voc2012.py').metainfo.classes
    assert checkpoint['meta']['dataset_meta']['classes'] == list(classes)
    assert checkpoint['meta']['converted_from']['network'] == 'irn-cam'
    assert len(checkpoint['meta']['converted_from']['sha256']) == 64
    assert [path.name for path in (tmp_path / 'new').iterdir()] == ['ours.pth']
    # no name is stored twice over, as the official file's are
    assert (tmp_path / 'new' / 'ours.pth').stat().st_size < 1.02 * (tmp_path / 'public.pth').stat().st_size

    with pytest.raises(ValueError, match='converted already'):
        convert_reference(tmp_path / 'new' / 'ours.pth', 'irn-cam', tmp_path / 'twice.pth')
    assert not (tmp_path / 'twice.pth').exists()
    for path in (tmp_path / 'public.pth', tmp_path / 'new' / 'ours.pth'):
        path.unlink()  # 100 MB each


class Hostile:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), 'w')


def test_tool_refuses_a_hostile_file_and_runs_nothing_of_it(tmp_path):
    torch.save(dict(weights=Hostile(tmp_path / 'run')), tmp_path / 'hostile.pth')
    result = run_tool(None, tmp_path, TOOL, '--from', 'irn', 'hostile.pth', 'ours.pth')
    assert result.status == 1
    assert result.output.count('\n') == 1 and result.output.startswith('error: checkpoint hostile.pth is refused')
    assert sorted(path.name for path in tmp_path.iterdir()) == ['hostile.pth']
    with pytest.raises(pickle.UnpicklingError):  # the file is as meant: torch's reader sees it too
        torch.load(tmp_path / 'hostile.pth', weights_only=True)


@pytest.mark.parametrize(
    'content, words',
    [
        (b'no checkpoint', 'damaged'),
        ([torch.zeros(1)], 'holds a list'),
        ({}, 'a dict with nothing'),
        (dict(model=dict(weight=torch.zeros(1))), 'a dict with model'),
        (torch.zeros(2), 'holds a Tensor'),
        ({'a\nb': 7}, r'a dict with a\\nb'),
    ],
)
def test_files_without_a_state_dict_are_refused(content, words, tmp_path):
    source = tmp_path / 'source.pth'
    source.write_bytes(content) if isinstance(content, bytes) else torch.save(content, source)
    with pytest.raises(ValueError, match=words) as error:
        convert_reference(source, 'irn', tmp_path / 'ours.pth')
    assert '\n' not in str(error.value) and 'source.pth' in str(error.value)
    assert not (tmp_path / 'ours.pth').exists()


def test_bad_arguments_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match='absent.pth not found'):
        convert_reference(tmp_path / 'absent.pth', 'irn', tmp_path / 'ours.pth')
    with pytest.raises(ValueError, match='name another one'):
        convert_reference(tmp_path / 'a.pth', 'irn', tmp_path / '.' / 'a.pth')
    with pytest.raises(ValueError, match='is a folder'):
        convert_reference(tmp_path / 'a.pth', 'irn', tmp_path)
    with pytest.raises(ValueError, match='known are irn-cam, irn'):
        convert_reference(tmp_path / 'a.pth', 'resnet', tmp_path / 'ours.pth')


def test_file_of_another_network_names_the_one_that_fits(public_state_dict):
    cam, relations = public_state_dict('irn_cam'), public_state_dict('irn_edge_displacement')
    assert 'this is a file for --from irn ' in refuse(relations, 'irn-cam')
    assert 'this is a file for --from irn-cam ' in refuse(cam, 'irn')
    del cam['classifier.weight']
    assert 'closer is --from irn-cam ' in refuse(cam, 'irn')
    assert '--from' not in refuse(cam, 'irn-cam')


@pytest.mark.parametrize(
    'key', ['resnet50.layer3.5.bn2.running_var', 'classifier.weight', 'stage1.0.weight', 'backbone.0.4.2.conv3.weight']
)
def test_incomplete_file_is_refused(key, public_state_dict):
    state_dict = public_state_dict('irn_cam')
    del state_dict[key]
    assert f'1 keys missing ({key})' in refuse(state_dict, 'irn-cam')


def test_file_with_an_extra_key_is_refused(public_state_dict):
    state_dict = public_state_dict('irn_cam')
    state_dict['disp_target'] = torch.zeros(2)  # of the other network
    state_dict['resnet50.fc.weight'] = torch.zeros(1000, 2048)
    assert '2 keys unknown (disp_target, resnet50.fc.weight)' in refuse(state_dict, 'irn-cam')


def test_changed_alias_is_refused(public_state_dict):
    state_dict = public_state_dict('irn_edge_displacement')
    state_dict['dp_layers.6.4.running_mean'] = torch.tensor([0.7, 0.4])
    message = refuse(state_dict, 'irn')
    assert 'not equal to what they repeat (dp_layers.6.4.running_mean (repeats mean_shift.running_mean))' in message


@pytest.mark.parametrize(
    'key, tensor, words',
    [
        (
            'classifier.weight',
            torch.zeros(21, 2048, 1, 1),
            'of another shape (classifier.weight (21, 2048, 1, 1) instead',
        ),
        ('classifier.weight', torch.zeros(20, 2048, 1, 1, dtype=torch.int64), 'of another type'),
        ('classifier.weight', torch.full((20, 2048, 1, 1), torch.nan), '2 keys not finite'),
        ('resnet50.bn1.num_batches_tracked', torch.tensor(0.5), 'of another type'),
        ('resnet50.bn1.num_batches_tracked', torch.tensor(0, device='meta'), 'of another type'),
        ('classifier.weight', torch.zeros(20, 2048, 1, 1).to_sparse(), 'of another type'),
    ],
)
def test_unfit_tensors_are_refused(key, tensor, words, public_state_dict):
    state_dict = public_state_dict('irn_cam')
    state_dict[key] = tensor
    if words == '2 keys not finite':
        state_dict['newly_added.0.weight'] = tensor
    assert words in refuse(state_dict, 'irn-cam')


def test_counters_of_batch_norm_may_be_absent(public_state_dict):
    network, state_dict = REFERENCE_NETWORKS['irn-cam'], public_state_dict('irn_cam')
    old = {key: value for key, value in state_dict.items() if not key.endswith('num_batches_tracked')}
    assert convert_state_dict(old, network, 'old.pth').keys() == convert_state_dict(state_dict, network, 'new').keys()
