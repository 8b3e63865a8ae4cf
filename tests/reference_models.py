"""What tests of converted public checkpoints share: the reference configs' models with the public weights in them."""

from copy import deepcopy
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from mmengine.runner import load_checkpoint

from projects.wsis.reference.convert import convert_reference, convert_state_dict
from projects.wsis.reference.networks import REFERENCE_NETWORKS

ROOT = Path(__file__).resolve().parents[1]
TOLERANCE = 1e-4  # of each output's largest value


def load_model_config(name):
    model = Config.fromfile(ROOT / REFERENCE_NETWORKS[name].config).model
    model.backbone.init_cfg = None  # a test downloads nothing
    return model


def build(cfg):
    init_default_scope('mmdet')
    return MODELS.build(deepcopy(cfg)).eval()


def load_converted(model, name, state_dict, folder):
    """Write the official file, convert it, and load it into the model, every key."""
    source, target = folder / 'public.pth', folder / 'ours.pth'
    torch.save(state_dict, source)
    convert_reference(source, name, target)
    load_checkpoint(model, str(target), map_location='cpu', strict=True)
    source.unlink()
    target.unlink()
    return model


def check(found, expected, tolerance=TOLERANCE):
    expected = torch.from_numpy(expected)
    assert found.shape == expected.shape
    error = (found - expected).abs().max() / expected.abs().max()
    assert error < tolerance, f'{error:.2e}'


def build_converted(name, state_dict, cfg=None):
    """Build the model of a reference config with the weights of a public state dict, every key, in evaluation mode.

    It is built without numbers, as filling and looking at a large network takes seconds; but for PPC, whose loss reads
    its own numbers when it is loaded. Those that normalise photos are in no checkpoint and not set: photos of golden
    outputs are normalised already.
    """
    with torch.device('cpu' if name.startswith('ppc') else 'meta'):
        model = build(cfg or load_model_config(name))
    converted = convert_state_dict(state_dict, REFERENCE_NETWORKS[name], 'public.pth')
    model.load_state_dict(converted, strict=True, assign=True)
    model.data_preprocessor.to_empty(device='cpu')
    return model
