"""The DeepLab networks of PPC (usr922/wseg), and that of kazuto1011/deeplab-pytorch, which EPS retrains."""

import re

from .network import RESNET_BLOCKS, ReferenceNetwork, Shape, batch_norm_shapes, resnet_shapes

WSEG = 'https://github.com/usr922/wseg'
KAZUTO = 'https://github.com/kazuto1011/deeplab-pytorch'
CLASSIFIER = re.compile(r'fc\.(weight|bias)')
# parts of a block as deeplab-pytorch calls them -> as torchvision does
BLOCK_PARTS = {
    **{f'{name}.conv': f'conv{index}' for index, name in enumerate(('reduce', 'conv3x3', 'increase'), 1)},
    **{f'{name}.bn': f'bn{index}' for index, name in enumerate(('reduce', 'conv3x3', 'increase'), 1)},
    'shortcut.conv': 'downsample.0',
    'shortcut.bn': 'downsample.1',
}


def _deep_stem(prefix: str = '') -> dict[str, Shape]:
    """Shapes of a ResNet-101 whose stem is three 3x3 convolutions (64, 64, 128 channels), without its classifier."""
    shapes = {f'{prefix}{name[2:]}': shape for name, shape in resnet_shapes('_', 101).items()}
    shapes |= {
        f'{prefix}layer1.0.conv1.weight': (64, 128, 1, 1),
        f'{prefix}layer1.0.downsample.0.weight': (256, 128, 1, 1),
    }
    shapes.update(batch_norm_shapes(f'{prefix}bn1', 128))
    del shapes[f'{prefix}conv1.weight']
    for index, (inner, outer) in {0: (3, 64), 3: (64, 64), 6: (64, 128)}.items():
        shapes[f'{prefix}conv1.{index}.weight'] = (outer, inner, 3, 3)
    return shapes | batch_norm_shapes(f'{prefix}conv1.1', 64) | batch_norm_shapes(f'{prefix}conv1.4', 64)


def _deep_stem_renames(prefix: str = '') -> dict[str, str]:
    """Where its weights go in mmseg's ``ResNetV1c``, which keeps the names of the stages."""
    renames = {f'{prefix}conv1': f'{prefix}stem', f'{prefix}bn1': f'{prefix}stem.7'}
    return renames | {f'{prefix}layer{stage}': f'{prefix}layer{stage}' for stage in range(1, 5)}


def resnet101s() -> ReferenceNetwork:
    """The ImageNet weights that PPC's DeepLab on ResNet-101 starts from, as a backbone's own ``Pretrained`` file."""
    return ReferenceNetwork(
        name='resnet101s',
        description='ImageNet ResNet-101 of a deep stem (resnet101s-03a0f310), https://github.com/zhanghang1989/PyTorch-Encoding',
        config='configs/deeplab/deeplab-v2-ppc_r101_20k_voc2012.py',
        shapes=_deep_stem(),
        aliases={},
        renames=_deep_stem_renames(),
        dropped=CLASSIFIER,
        classes=(),
        pretrained_file='resnet101s_imagenet.pth',
    )


def deeplab_v1_r101() -> ReferenceNetwork:
    """DeepLab V1 of PPC on ResNet-101: the head is that on ResNet-38."""
    shapes = {'conv_fov.weight': (512, 2048, 3, 3), **batch_norm_shapes('bn_fov', 512)}
    shapes |= {'conv_fov2.weight': (512, 512, 1, 1), **batch_norm_shapes('bn_fov2', 512)}
    renames = _deep_stem_renames('backbone.')
    for index, suffix in enumerate(('', '2')):
        renames[f'conv_fov{suffix}'] = f'decode_head.branches.0.{index}.conv'
        renames[f'bn_fov{suffix}'] = f'decode_head.branches.0.{index}.bn'
    return ReferenceNetwork(
        name='deeplab-v1-r101',
        description=f'DeepLab V1 (ResNet-101) of PPC, {WSEG}',
        config='configs/deeplab/deeplab-v1_r101_20k_voc2012.py',
        shapes={**_deep_stem('backbone.'), **shapes, 'cls_conv.weight': (21, 512, 1, 1), 'cls_conv.bias': (21,)},
        aliases={},
        renames={**renames, 'cls_conv': 'decode_head.branches.0.3'},
    )


def deeplab_v2_ppc() -> ReferenceNetwork:
    """DeepLab V2 of PPC: four dilated branches and one of the whole photo, joined."""
    shapes, renames = _deep_stem('backbone.'), _deep_stem_renames('backbone.')
    for index in range(4):
        source, target = f'aspp.branch{index + 1}', f'decode_head.branches.{index}'
        shapes |= {f'{source}.0.weight': (256, 2048, 3, 3), **batch_norm_shapes(f'{source}.1', 256)}
        renames |= {f'{source}.0': f'{target}.conv', f'{source}.1': f'{target}.bn'}
    shapes |= {'aspp.branch5_conv.weight': (256, 2048, 1, 1), **batch_norm_shapes('aspp.branch5_bn', 256)}
    shapes |= {'aspp.conv_cat.0.weight': (256, 1280, 1, 1), **batch_norm_shapes('aspp.conv_cat.1', 256)}
    for part, layer in (('conv', 0), ('bn', 1)):
        renames[f'aspp.branch5_{part}'] = f'decode_head.photo_branch.{part}'
        renames[f'aspp.conv_cat.{layer}'] = f'decode_head.fusion.0.{part}'
    return ReferenceNetwork(
        name='deeplab-v2-ppc',
        description=f'DeepLab V2 (ResNet-101) of PPC, {WSEG}',
        config='configs/deeplab/deeplab-v2-ppc_r101_20k_voc2012.py',
        shapes={**shapes, 'cls_conv.weight': (21, 256, 1, 1), 'cls_conv.bias': (21,)},
        aliases={},
        renames={**renames, 'cls_conv': 'decode_head.conv_seg'},
    )


def _caffe_renames(prefix: str = '', target: str = '') -> dict[str, str]:
    """Where the weights of deeplab-pytorch's ResNet-101 go: it calls stem and stages ``layer1`` to ``layer5``."""
    renames = {f'{prefix}layer1.conv1.conv': f'{target}conv1', f'{prefix}layer1.conv1.bn': f'{target}bn1'}
    for stage, blocks in enumerate(RESNET_BLOCKS[101], 1):
        for block in range(blocks):
            for name, part in BLOCK_PARTS.items():
                renames[f'{prefix}layer{stage + 1}.block{block + 1}.{name}'] = f'{target}layer{stage}.{block}.{part}'
    return renames


def _caffe_shapes(prefix: str = '') -> dict[str, Shape]:
    """Shapes of deeplab-pytorch's ResNet-101: those of torchvision's under its own names."""
    names = {target: source for source, target in _caffe_renames(prefix).items()}
    shapes = {}
    for name, shape in resnet_shapes('_', 101).items():
        layer, _, kind = name[2:].rpartition('.')
        shapes[f'{names[layer]}.{kind}'] = shape
    return shapes


def deeplab_coco() -> ReferenceNetwork:
    """The COCO weights that DeepLab V2 starts from, as a backbone's own ``Pretrained`` file."""
    return ReferenceNetwork(
        name='deeplab-coco',
        description=f'ResNet-101 trained on masks of COCO (deeplabv1_resnet101-coco), made by convert.py of {KAZUTO}',
        config='configs/deeplab/deeplab-v2-eps_r101_20k_voc2012.py',
        shapes=_caffe_shapes(),
        aliases={},
        renames=_caffe_renames(),
        dropped=CLASSIFIER,
        classes=(),
        pretrained_file='deeplab_r101_coco.pth',
    )


def deeplab_v2_eps() -> ReferenceNetwork:
    """DeepLab V2 of deeplab-pytorch: the sum of four dilated convolutions."""
    shapes, renames = _caffe_shapes('base.'), _caffe_renames('base.', 'backbone.')
    for index in range(4):
        shapes |= {f'base.aspp.c{index}.weight': (21, 2048, 3, 3), f'base.aspp.c{index}.bias': (21,)}
        renames[f'base.aspp.c{index}'] = f'decode_head.branches.{index}.1'
    return ReferenceNetwork(
        name='deeplab-v2-eps',
        description=f'DeepLab V2 (ResNet-101) of VOC, which EPS retrains, {KAZUTO}',
        config='configs/deeplab/deeplab-v2-eps_r101_20k_voc2012.py',
        shapes=shapes,
        aliases={},
        renames=renames,
    )
