"""The keys in checkpoints of the official codes, and where their weights go in our models.

One function a network makes its `ReferenceNetwork`; a new one is added to `REFERENCE_NETWORKS` at the end.
"""

import re

from .bestie import bestie_hrnet, bestie_resnet
from .deeplab import deeplab_coco, deeplab_v1_r101, deeplab_v2_eps, deeplab_v2_ppc, resnet101s
from .network import ReferenceNetwork, Shape, batch_norm_shapes, resnet_shapes

# The blocks of ResNet-38 stage by stage, as the official codes call them.
RESNET38_STAGES = (
    ('b2', 'b2_1', 'b2_2'),
    ('b3', 'b3_1', 'b3_2'),
    ('b4', 'b4_1', 'b4_2', 'b4_3', 'b4_4', 'b4_5'),
    ('b5', 'b5_1', 'b5_2'),
    ('b6', 'b7'),
)
RESNET38_BRANCHES = ('branch2a', 'branch2b1', 'branch2b2')


def _projection(prefix: str, in_channels: int, out_channels: int) -> dict[str, Shape]:
    """Shapes of a bias-free 1x1 convolution followed by a group normalisation."""
    return {
        f'{prefix}.0.weight': (out_channels, in_channels, 1, 1),
        f'{prefix}.1.weight': (out_channels,),
        f'{prefix}.1.bias': (out_channels,),
    }


def irn_cam() -> ReferenceNetwork:
    """IRNet's classifier: the ResNet-50 is saved under three names, the classifier under two."""
    aliases = {'newly_added.0': 'classifier'}
    for stem, stages in (('stage1', 'stage{}.0'), ('backbone.0', 'backbone.{}.0')):
        aliases |= {f'{stem}.{index}': f'resnet50.{part}' for index, part in ((0, 'conv1'), (1, 'bn1'), (4, 'layer1'))}
        first = 2 if stem == 'stage1' else 1
        aliases |= {stages.format(first + index): f'resnet50.layer{2 + index}' for index in range(3)}
    return ReferenceNetwork(
        name='irn-cam',
        description='classifier and CAM network (ResNet-50) of IRNet, https://github.com/jiwoon-ahn/irn',
        config='configs/cam/cam_r50_reference_voc2012.py',
        shapes={**resnet_shapes('resnet50', 50), 'classifier.weight': (20, 2048, 1, 1)},
        aliases=aliases,
        renames={'resnet50': 'backbone', 'classifier': 'head.classifier'},
    )


def irn() -> ReferenceNetwork:
    """IRNet's boundary and displacement network; files saved by its training also hold index tables."""
    levels = (64, 256, 512, 1024, 2048)
    shapes = {**resnet_shapes('resnet50', 50), 'mean_shift.running_mean': (2,)}
    for index, channels in enumerate(levels, 1):
        shapes |= _projection(f'fc_edge{index}', channels, 32)
    shapes |= {'fc_edge6.weight': (1, 160, 1, 1), 'fc_edge6.bias': (1,)}
    for index, (channels, width) in enumerate(zip((*levels, 768, 448), (64, 128, 256, 256, 256, 256, 256)), 1):
        shapes |= _projection(f'fc_dp{index}', channels, width)
    shapes['fc_dp7.3.weight'] = (2, 256, 1, 1)

    aliases = {'fc_dp7.4': 'mean_shift', 'dp_layers.6.4': 'mean_shift'}
    aliases |= {f'edge_layers.{index}': f'fc_edge{index + 1}' for index in range(6)}
    aliases |= {f'dp_layers.{index}': f'fc_dp{index + 1}' for index in range(7)}
    for stem, stages, first in (('stage1', 'stage{}.0', 2), ('backbone.0', 'backbone.{}.0', 1)):
        aliases |= {f'{stem}.0': 'resnet50.conv1', f'{stem}.1': 'resnet50.bn1'}
        aliases |= {stages.format(first + index): f'resnet50.layer{1 + index}' for index in range(4)}

    renames = {'resnet50': 'backbone', 'mean_shift.running_mean': 'head.displacement_mean'}
    renames |= {f'fc_edge{index + 1}': f'neck.boundary.{index}' for index in range(5)} | {'fc_edge6': 'head.boundary'}
    renames |= {f'fc_dp{index + 1}': f'neck.displacement.{index}' for index in range(5)}
    renames |= {'fc_dp6': 'neck.displacement_fusion'}
    renames |= {'fc_dp7': 'head.displacement.0', 'fc_dp7.3': 'head.displacement.1'}
    return ReferenceNetwork(
        name='irn',
        description='boundary and displacement network (ResNet-50) of IRNet, https://github.com/jiwoon-ahn/irn',
        config='configs/irnet/irnet_r50_reference_voc2012.py',
        shapes=shapes,
        aliases=aliases,
        renames=renames,
        dropped=re.compile(r'path_indices\d+|disp_target'),
    )


def _resnet38() -> dict[str, Shape]:
    """Shapes of a ResNet-38 without its classifier, named as in PSA, SEAM, EPS and PPC."""
    widths = [(128, 128), (256, 256), (512, 512), (512, 1024)]
    layers = {name: widths[stage] for stage, names in enumerate(RESNET38_STAGES[:4]) for name in names}
    layers |= {'b6': (512, 1024, 2048), 'b7': (1024, 2048, 4096)}
    shapes, channels = {'conv1a.weight': (64, 3, 3, 3)}, 64
    for name, outputs in layers.items():
        block_channels = channels
        for branch, output in zip(RESNET38_BRANCHES, outputs):
            kernel = 1 if len(outputs) == 3 and branch != 'branch2b1' else 3
            shapes |= batch_norm_shapes(f'{name}.bn_{branch}', channels)
            shapes[f'{name}.conv_{branch}.weight'] = (output, channels, kernel, kernel)
            channels = output
        if channels != block_channels:
            shapes[f'{name}.conv_branch1.weight'] = (channels, block_channels, 1, 1)
    return shapes | batch_norm_shapes('bn7', 4096)


def _resnet38_renames(prefix: str = 'backbone.') -> dict[str, str]:
    """Where the weights of a ResNet-38 go in a model that calls it ``prefix``."""
    renames = {'conv1a': f'{prefix}conv1', 'bn7': f'{prefix}norm'}
    for stage, names in enumerate(RESNET38_STAGES):
        for block, name in enumerate(names):
            target = f'{prefix}stages.{stage}.{block}'
            renames[f'{name}.conv_branch1'] = f'{target}.shortcut'
            for index, branch in enumerate(RESNET38_BRANCHES):
                renames[f'{name}.bn_{branch}'] = f'{target}.norms.{index}'
                renames[f'{name}.conv_{branch}'] = f'{target}.convs.{index}'
    return renames


def resnet38() -> ReferenceNetwork:
    """The ImageNet weights that SEAM, EPS, PPC and PSA start from, as a backbone's own ``Pretrained`` file.

    Published as a ``.params`` file of MXNet; a file of PyTorch with the same names as in those codes does as well.
    """
    return ReferenceNetwork(
        name='resnet38',
        description='ImageNet ResNet-38 (ilsvrc-cls_rna-a1_cls1000_ep-0001) in the names of PSA, SEAM, EPS and PPC',
        config='configs/seam/seam_resnet38_8e_voc2012.py',
        shapes=_resnet38(),
        aliases={},
        renames=_resnet38_renames(prefix=''),
        dropped=re.compile(r'(fc1000|linear1000)\.(weight|bias)'),
        classes=(),
        pretrained_file='resnet38_imagenet.pth',
    )


def eps_cls() -> ReferenceNetwork:
    """EPS's classification baseline: no background channel."""
    return ReferenceNetwork(
        name='eps-cls',
        description='classification baseline (ResNet-38) of EPS, https://github.com/halbielee/EPS',
        config='configs/eps/eps-cls_resnet38_reference_voc2012.py',
        shapes={**_resnet38(), 'fc8.weight': (20, 4096, 1, 1)},
        aliases={},
        renames={**_resnet38_renames(), 'fc8': 'head.classifier'},
    )


def eps() -> ReferenceNetwork:
    """EPS: 21 channels, of which the last is the background's."""
    return ReferenceNetwork(
        name='eps',
        description='EPS (ResNet-38), https://github.com/halbielee/EPS',
        config='configs/eps/eps_resnet38_reference_voc2012.py',
        shapes={**_resnet38(), 'fc8.weight': (21, 4096, 1, 1)},
        aliases={},
        renames={**_resnet38_renames(), 'fc8': 'head.classifier'},
        background_last=frozenset({'fc8.weight'}),
    )


def seam() -> ReferenceNetwork:
    """SEAM: 21 channels, the background first, and the pixel correlation module."""
    shapes = {'fc8.weight': (21, 4096, 1, 1), 'f8_3.weight': (64, 512, 1, 1), 'f8_4.weight': (128, 1024, 1, 1)}
    renames = {f'f8_{3 + index}': f'head.correlation.branches.{index}' for index in range(2)}
    return ReferenceNetwork(
        name='seam',
        description='SEAM (ResNet-38), https://github.com/YudeWang/SEAM',
        config='configs/seam/seam_resnet38_reference_voc2012.py',
        shapes={**_resnet38(), **shapes, 'f9.weight': (192, 195, 1, 1)},
        aliases={},
        renames={**_resnet38_renames(), **renames, 'fc8': 'head.classifier', 'f9': 'head.correlation.embedding'},
    )


def ppc_seam() -> ReferenceNetwork:
    """SEAM + PPC: SEAM and the projector of the contrast, which is used in training only."""
    base = seam()
    return ReferenceNetwork(
        name='ppc-seam',
        description='SEAM + PPC (ResNet-38), https://github.com/usr922/wseg',
        config='configs/ppc/ppc-seam_resnet38_reference_voc2012.py',
        shapes={**base.shapes, 'fc_proj.weight': (128, 4096, 1, 1)},
        aliases={},
        renames={**base.renames, 'fc_proj': 'contrast_head.projector'},
    )


def ppc_eps() -> ReferenceNetwork:
    """EPS + PPC: the layers of SEAM + PPC, with the background last and the projector under another name."""
    base = seam()
    return ReferenceNetwork(
        name='ppc-eps',
        description='EPS + PPC (ResNet-38), branch esp of https://github.com/usr922/wseg',
        config='configs/ppc/ppc-eps_resnet38_reference_voc2012.py',
        shapes={**base.shapes, 'proj_fc.weight': (128, 4096, 1, 1)},
        aliases={},
        renames={**base.renames, 'proj_fc': 'contrast_head.projector'},
        background_last=frozenset({'fc8.weight'}),
    )


def deeplab_v1() -> ReferenceNetwork:
    """DeepLab V1 of PPC: a whole ResNet-38 and a head of two hidden convolutions; the background is the first of 21."""
    shapes = {f'backbone.{name}': shape for name, shape in _resnet38().items()}
    shapes |= {'conv_fov.weight': (512, 4096, 3, 3), **batch_norm_shapes('bn_fov', 512)}
    shapes |= {'conv_fov2.weight': (512, 512, 1, 1), **batch_norm_shapes('bn_fov2', 512)}
    renames = {f'backbone.{name}': target for name, target in _resnet38_renames().items()}
    for index, suffix in enumerate(('', '2')):
        renames[f'conv_fov{suffix}'] = f'decode_head.branches.0.{index}.conv'
        renames[f'bn_fov{suffix}'] = f'decode_head.branches.0.{index}.bn'
    return ReferenceNetwork(
        name='deeplab-v1',
        description='DeepLab V1 (ResNet-38) of PPC, https://github.com/usr922/wseg',
        config='configs/deeplab/deeplab-v1_resnet38_20k_voc2012.py',
        shapes={**shapes, 'cls_conv.weight': (21, 512, 1, 1), 'cls_conv.bias': (21,)},
        aliases={},
        renames={**renames, 'cls_conv': 'decode_head.branches.0.3'},
    )


def affinitynet() -> ReferenceNetwork:
    """AffinityNet: three projections of ResNet-38 features and their fusion."""
    shapes = {f'f8_{level}.weight': shape for level, shape in ((3, (64, 512, 1, 1)), (4, (128, 1024, 1, 1)))}
    shapes |= {'f8_5.weight': (256, 4096, 1, 1), 'f9.weight': (448, 448, 1, 1)}
    renames = {f'f8_{3 + index}': f'head.projections.{index}' for index in range(3)}
    return ReferenceNetwork(
        name='affinitynet',
        description='AffinityNet (ResNet-38) of PSA, SEAM and PPC, https://github.com/YudeWang/SEAM',
        config='configs/affinitynet/affinitynet_resnet38_reference_voc2012.py',
        shapes={**_resnet38(), **shapes},
        aliases={},
        renames={**_resnet38_renames(), **renames, 'f9': 'head.fusion'},
    )


def pam() -> ReferenceNetwork:
    """BESTIE's classifier with peak attention: every layer of its VGG16 is saved under two names."""
    widths = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
    shapes, aliases, channels, index = {}, {}, 3, 0
    for stage, outputs in enumerate(widths, 1):
        for number, output in enumerate(outputs, 1):
            shapes |= {f'features.{index}.weight': (output, channels, 3, 3), f'features.{index}.bias': (output,)}
            aliases[f'layer{stage}_conv{number}'] = f'features.{index}'
            channels, index = output, index + 2  # an activation after each
        index += 1  # the pooling
    for number in (1, 2, 3):
        shapes |= {f'extra_conv{number}.weight': (512, 512, 3, 3), f'extra_conv{number}.bias': (512,)}
    shapes |= {'extra_conv4.weight': (20, 512, 1, 1), 'extra_conv4.bias': (20,)}
    renames = {f'extra_conv{number}': f'head.convs.{number - 1}' for number in (1, 2, 3)}
    return ReferenceNetwork(
        name='pam',
        description='classifier with peak attention (VGG16) of BESTIE, https://github.com/clovaai/BESTIE',
        config='configs/pam/pam_vgg16_15e_voc2012.py',
        shapes=shapes,
        aliases=aliases,
        renames={**renames, 'features': 'backbone.features', 'extra_conv4': 'head.classifier'},
        entry='model',
    )


NETWORKS = (
    irn_cam(),
    irn(),
    resnet38(),
    eps_cls(),
    eps(),
    seam(),
    ppc_seam(),
    ppc_eps(),
    affinitynet(),
    deeplab_v1(),
    resnet101s(),
    deeplab_v1_r101(),
    deeplab_v2_ppc(),
    deeplab_coco(),
    deeplab_v2_eps(),
    pam(),
    bestie_resnet(50),
    bestie_resnet(101),
    bestie_hrnet(32),
    bestie_hrnet(48),
)
REFERENCE_NETWORKS: dict[str, ReferenceNetwork] = {network.name: network for network in NETWORKS}
