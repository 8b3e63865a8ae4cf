"""A table of backbones by methods: which combinations train and predict, with their sizes and times."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.progress import track
from torch import distributed
from torch.multiprocessing import start_processes

from ..structures import read_json, write_json
from .backbone_trial import SIZE, Trial, try_backbone
from .parallel import choose_context

METHODS = {
    'cam': 'configs/cam/cam_r50_5e_voc2012.py',
    'seam + ppc': 'configs/ppc/ppc-seam_r50_8e_voc2012.py',
    'irnet': 'configs/irnet/irnet_r50_3e_voc2012.py',
    'bestie': 'configs/bestie/bestie_r50_50k_voc2012.py',
    'deeplab': 'configs/deeplab/deeplab-v2_r101_20k_voc2012.py',
    'mask_rcnn': 'configs/mask_rcnn/mask-rcnn_r50_1x_voc2012.py',
}
HRNET = dict(
    stage1=dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(4,), num_channels=(64,)),
    stage2=dict(num_modules=1, num_branches=2, block='BASIC', num_blocks=(4, 4), num_channels=(18, 36)),
    stage3=dict(num_modules=4, num_branches=3, block='BASIC', num_blocks=(4, 4, 4), num_channels=(18, 36, 72)),
    stage4=dict(num_modules=3, num_branches=4, block='BASIC', num_blocks=(4, 4, 4, 4), num_channels=(18, 36, 72, 144)),
)
# Small members of families of mmdet, mmseg and timm (which must be installed); their weights do not matter here.
BACKBONES = {
    'ResNet-18': dict(type='mmdet.ResNet', depth=18),
    'ResNeXt-50': dict(type='mmdet.ResNeXt', depth=50, groups=32, base_width=4),
    'Res2Net-50': dict(type='mmdet.Res2Net', depth=50, scales=4, base_width=26),
    'ResNeSt-50': dict(type='mmdet.ResNeSt', depth=50, stem_channels=64, radix=2, reduction_factor=4),
    'RegNetX-400M': dict(type='mmdet.RegNet', arch='regnetx_400mf', out_indices=(0, 1, 2, 3)),
    'HRNet-W18': dict(type='mmdet.HRNet', extra=HRNET),
    'MobileNetV2': dict(type='mmdet.MobileNetV2', out_indices=(1, 2, 4, 7)),
    'EfficientNet-B0': dict(type='mmdet.EfficientNet', arch='b0'),
    'CSPNeXt-tiny': dict(type='mmdet.CSPNeXt', deepen_factor=0.167, widen_factor=0.375),
    'CSPDarknet-tiny': dict(type='mmdet.CSPDarknet', deepen_factor=0.33, widen_factor=0.375),
    'Swin-micro': dict(type='mmdet.SwinTransformer', embed_dims=48, depths=(2, 2, 2, 2), num_heads=(2, 4, 8, 16)),
    'PVTv2-B0': dict(type='mmdet.PyramidVisionTransformerV2', embed_dims=32, num_layers=[2, 2, 2, 2]),
    'ResNet-V1c-18': dict(type='mmseg.ResNetV1c', depth=18),
    'MiT-B0': dict(type='mmseg.MixVisionTransformer', embed_dims=32, num_layers=[2, 2, 2, 2], num_heads=[1, 2, 5, 8]),
    'Twins-PCPVT': dict(
        type='mmseg.PCPVT',
        embed_dims=[32, 64, 160, 256],
        num_heads=[1, 2, 5, 8],
        depths=[1, 1, 1, 1],
        patch_sizes=[4, 2, 2, 2],
        strides=[4, 2, 2, 2],
        mlp_ratios=[8, 8, 4, 4],
        out_indices=(0, 1, 2, 3),
        qkv_bias=True,
        sr_ratios=[8, 4, 2, 1],
    ),
    'ViT-tiny': dict(
        type='mmseg.VisionTransformer',
        img_size=(112, 112),
        patch_size=16,
        embed_dims=192,
        num_layers=12,
        num_heads=3,
        out_indices=(11,),
        final_norm=True,
    ),
    'MSCAN-tiny': dict(
        type='mmseg.MSCAN', embed_dims=[32, 64, 160, 256], depths=[3, 3, 5, 2], norm_cfg=dict(type='BN')
    ),
    'ConvNeXt-atto (timm)': dict(type='mmseg.TIMMBackbone', model_name='convnext_atto', pretrained=False),
    'EfficientViT-B0 (timm)': dict(type='mmseg.TIMMBackbone', model_name='efficientvit_b0', pretrained=False),
    'MobileNetV4-small (timm)': dict(
        type='mmseg.TIMMBackbone', model_name='mobilenetv4_conv_small', pretrained=False, out_indices=(1, 2, 3, 4)
    ),
}


def make_table(backbones: Sequence[str], methods: Sequence[str], processes: int = 2) -> str:
    """Try all combinations and return a Markdown page of the results.

    Args:
        backbones: Names of :data:`BACKBONES`.
        methods: Names of :data:`METHODS`.
        processes: How many processes try each once more, under DistributedDataParallel; 1 leaves this out.
    """
    pairs = [(backbone, method) for backbone in backbones for method in methods]
    alone = [try_pair(*pair) for pair in track(pairs, 'Backbones')]
    together = _try_together(pairs, processes) if processes > 1 else [None] * len(pairs)
    rows = dict(zip(pairs, zip(alone, together)))
    lines = [
        '# Backbones',
        '',
        'Each backbone was tried in each method by `python tools/analysis_tools/check_backbones.py`, with one training',
        f'step on two images of {SIZE[0]}x{SIZE[1]} pixels and one prediction, in one process and in {processes} (as',
        'DistributedDataParallel without a search for unused parameters). A cell gives the millions of parameters of',
        'the whole model and the seconds of the training step on a CPU. `no` is followed by the reason.',
        '',
        f'| backbone | {" | ".join(methods)} |',
        '| --- |' + ' --- |' * len(methods),
    ]
    for backbone in backbones:
        cells = [_describe(*rows[backbone, method]) for method in methods]
        lines.append(f'| {backbone} | {" | ".join(cells)} |')
    lines += [
        '',
        '- EfficientNet, CSPNeXt and CSPDarknet return few or coarse levels unless `out_indices` is set; `seam + ppc`,',
        '  `irnet` and `bestie` then choose.',
    ]
    for method in methods:
        lines += _describe_settings(method, [rows[backbone, method][0] for backbone in backbones])
    lines.append('')
    return '\n'.join(lines)


def try_pair(backbone: str, method: str) -> Trial:
    """Try one backbone in one method."""
    return try_backbone(METHODS[method], BACKBONES[backbone])


def _try_together(pairs: Sequence[tuple[str, str]], processes: int) -> list[str | None]:
    """Return for each pair what went wrong in several processes, None if nothing did."""
    method = choose_context(__name__).get_start_method()
    with tempfile.TemporaryDirectory() as folder:
        start_processes(_try_rank, (pairs, processes, folder), processes, start_method=method)
        return read_json(Path(folder) / 'errors.json')


def _try_rank(rank: int, pairs: Sequence[tuple[str, str]], processes: int, folder: str) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group('gloo', init_method=f'file://{folder}/store', rank=rank, world_size=processes)
    errors = [try_pair(*pair).error for pair in pairs]
    if rank == 0:
        write_json(Path(folder) / 'errors.json', errors)
    distributed.barrier()
    distributed.destroy_process_group()


def _describe(trial: Trial, together: str | None) -> str:
    if trial.error or together:
        return f'no: {(trial.error or together).replace("|", "/")}'
    return f'{trial.parameters / 1e6:.1f} M, {trial.step_seconds:.2f} s'


def _describe_settings(method: str, trials: Sequence[Trial]) -> list[str]:
    settings = max((trial.settings for trial in trials), key=len)
    if not settings:
        return []
    return [
        f'- `{method}` needs more lines, because configs of mmdet and mmseg name channels and levels and their models '
        f'do not pad images: for example `{", ".join(settings)}`.'
    ]
