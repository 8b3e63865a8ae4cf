"""How large a model is and what an image costs it."""

from functools import partial

import torch
from mmdet.structures import DetDataSample
from mmengine.analysis import ActivationAnalyzer, FlopAnalyzer, parameter_count
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import MODELS, init_default_scope
from terminaltables import AsciiTable

from ..engine.safe_loading import safe_loading

WHOLE = ''  # mmengine's name of the whole model


def measure_complexity(cfg: Config, size: tuple[int, int]) -> dict[str, dict[str, int]]:
    """Count parameters, operations and activations of a config's model for one image, on the CPU.

    The network is counted, as it is called without a post-processing: no random walk, no dense CRF, no clustering, but
    of a detector also the heads of its proposals. Of two-view classifiers one view is counted.

    Args:
        cfg: Config of any stage that has a network.
        size: Height and width of the image, in pixels.

    Returns:
        By name of each part, the whole model (``''``) first: ``params``, ``flops`` (a multiplication with its addition
        is one, as in mmengine) and ``activations`` (numbers that convolutions and matrix products put out).

    Raises:
        ValueError: If the config has no model with a network, or the image is too small for it.
    """
    if not cfg.get('model'):
        raise ValueError(f'config {cfg.filename} has no model')
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    with safe_loading():  # a model may load another while it is built
        model = revert_sync_batchnorm(MODELS.build(cfg.model)).eval()
    if not any(True for _ in model.parameters()):
        raise ValueError(f'the model of config {cfg.filename} ({type(model).__name__}) has no network to count')
    samples = [
        DetDataSample(metainfo=dict(img_shape=size, ori_shape=size, batch_input_shape=size, scale_factor=(1, 1)))
    ]
    model.forward = partial(model.forward, data_samples=samples)  # detectors make proposals within the image
    inputs = (torch.rand(1, 3, *size),)
    counters = dict(flops=FlopAnalyzer(model, inputs), activations=ActivationAnalyzer(model, inputs))
    try:
        with torch.no_grad():
            counts = {
                name: counter.unsupported_ops_warnings(False).uncalled_modules_warnings(False).by_module()
                for name, counter in counters.items()
            }
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f'an image of {size[0]} x {size[1]} pixels does not fit {cfg.filename}: {reason}') from error
    counts = {'params': parameter_count(model), **counts}
    parts = [WHOLE, *(name for name, child in model.named_children() if counts['params'].get(name))]
    return {part: {kind: int(found.get(part, 0)) for kind, found in counts.items()} for part in parts}


def format_complexity(counts: dict[str, dict[str, int]]) -> str:
    """Format what :func:`measure_complexity` gives as a text table, the whole model last."""
    kinds = list(counts[WHOLE])
    order = [*(part for part in counts if part != WHOLE), WHOLE]
    rows = [[part or 'whole model', *(_shorten(counts[part][kind]) for kind in kinds)] for part in order]
    table = AsciiTable([['part', *kinds], *rows])
    table.inner_footing_row_border = True
    table.justify_columns.update(dict.fromkeys(range(1, len(kinds) + 1), 'right'))
    return table.table


def _shorten(count: int) -> str:
    for unit, letter in ((1e9, 'G'), (1e6, 'M'), (1e3, 'K')):
        if count >= unit:
            return f'{count / unit:.3f}{letter}'
    return str(count)
