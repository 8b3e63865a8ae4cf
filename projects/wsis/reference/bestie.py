"""The checkpoint layouts of the official BESTIE networks (see `reference_networks`)."""

from .network import ReferenceNetwork, Shape, batch_norm_shapes, resnet_shapes

DECODERS = {'semantic': (256, (128, 64, 32)), 'instance': (128, (64, 32, 16))}  # channels, those of lower levels
BRANCHES = {'seg': ('semantic', 256, 256, 21), 'center': ('instance', 128, 128, 20), 'offset': ('instance', 128, 32, 2)}
OUR_BRANCHES = {'seg': 'semantic', 'center': 'center', 'offset': 'offset'}
PYRAMID = 256
PARTS = ((0, 'conv'), (1, 'bn'))
HRNET_STAGES = ((1, 2), (4, 3), (3, 4))  # modules, branches of stages 2 to 4


def _conv_norm(conv: str, norm: str, in_channels: int, channels: int, kernel: int = 1) -> dict[str, Shape]:
    return {f'{conv}.weight': (channels, in_channels, kernel, kernel), **batch_norm_shapes(norm, channels)}


def _separable(prefix: str, target: str, in_channels: int, channels: int) -> tuple[dict[str, Shape], dict[str, str]]:
    """Shapes and renames of a 5x5 depthwise-separable convolution."""
    shapes = {f'{prefix}.0.0.weight': (in_channels, 1, 5, 5), **batch_norm_shapes(f'{prefix}.0.1', in_channels)}
    shapes |= _conv_norm(f'{prefix}.1', f'{prefix}.2', in_channels, channels)
    parts = {
        '0.0': 'depthwise_conv.conv',
        '0.1': 'depthwise_conv.bn',
        '1': 'pointwise_conv.conv',
        '2': 'pointwise_conv.bn',
    }
    return shapes, {f'{prefix}.{name}': f'{target}.{own}' for name, own in parts.items()}


def _decoder(kind: str) -> tuple[dict[str, Shape], dict[str, str]]:
    """Shapes and renames of one decoder of Panoptic-DeepLab on ResNet-50 or -101."""
    channels, low = DECODERS[kind]
    prefix, target = f'decoder.{kind}_decoder', f'head.{kind}_decoder'
    shapes, renames = {}, {}
    for index, kernel in enumerate((1, 3, 3, 3)):
        names = f'{prefix}.aspp.convs.{index}.0', f'{prefix}.aspp.convs.{index}.1'
        shapes |= _conv_norm(*names, 2048, PYRAMID, kernel)
        renames |= dict(zip(names, (f'{target}.pyramid.branches.{index}.{part}' for part in ('conv', 'bn'))))
    shapes[f'{prefix}.aspp.convs.4.aspp_pooling.1.weight'] = (PYRAMID, 2048, 1, 1)
    renames[f'{prefix}.aspp.convs.4.aspp_pooling.1'] = f'{target}.pyramid.branches.4.conv.conv'
    shapes |= _conv_norm(f'{prefix}.aspp.project.0', f'{prefix}.aspp.project.1', 5 * PYRAMID, PYRAMID)
    renames |= {f'{prefix}.aspp.project.{index}': f'{target}.pyramid.fusion.{part}' for index, part in PARTS}
    above = PYRAMID
    for index, (level, width) in enumerate(zip((1024, 512, 256), low)):
        shapes |= _conv_norm(f'{prefix}.project.{index}.0', f'{prefix}.project.{index}.1', level, width)
        renames |= {f'{prefix}.project.{index}.{n}': f'{target}.projections.{index}.{part}' for n, part in PARTS}
        more = _separable(f'{prefix}.fuse.{index}.0', f'{target}.fusions.{index}', above + width, channels)
        shapes, renames, above = shapes | more[0], renames | more[1], channels
    return shapes, renames


def bestie_resnet(depth: int) -> ReferenceNetwork:
    """BESTIE on ResNet-50 or -101: two decoders of Panoptic-DeepLab."""
    shapes, renames = resnet_shapes('backbone', depth), {'backbone': 'backbone'}
    for kind in DECODERS:
        more = _decoder(kind)
        shapes, renames = shapes | more[0], renames | more[1]
    for branch, (kind, in_channels, channels, outputs) in BRANCHES.items():
        prefix, target = f'decoder.{kind}_head.classifier.{branch}', f'head.{OUR_BRANCHES[branch]}'
        more = _separable(f'{prefix}.0.0', f'{target}.0', in_channels, channels)
        shapes, renames = shapes | more[0], renames | more[1]
        shapes |= {f'{prefix}.1.weight': (outputs, channels, 1, 1), f'{prefix}.1.bias': (outputs,)}
        renames[f'{prefix}.1'] = f'{target}.1'
    return _network(f'r{depth}', shapes, renames)


def _hrnet_module(prefix: str, width: int, branches: int, outputs: int) -> dict[str, Shape]:
    """Shapes of one module: four blocks a branch, and what joins the branches in each output."""
    widths, shapes = [width * 2**branch for branch in range(branches)], {}
    for branch, channels in enumerate(widths):
        for block in range(4):
            for number in (1, 2):
                name = f'{prefix}.branches.{branch}.{block}'
                shapes |= _conv_norm(f'{name}.conv{number}', f'{name}.bn{number}', channels, channels, 3)
    for target in range(outputs):
        for source in range(branches):
            name = f'{prefix}.fuse_layers.{target}.{source}'
            if source > target:
                shapes |= _conv_norm(f'{name}.0', f'{name}.1', widths[source], widths[target])
            for step in range(target - source):
                channels = widths[target] if step == target - source - 1 else widths[source]
                shapes |= _conv_norm(f'{name}.{step}.0', f'{name}.{step}.1', widths[source], channels, 3)
    return shapes


def _hrnet(width: int) -> dict[str, Shape]:
    """Shapes of an HRNet whose last module returns only its finest branch."""
    shapes = _conv_norm('conv1', 'bn1', 3, 64, 3) | _conv_norm('conv2', 'bn2', 64, 64, 3)
    for block in range(4):
        name, channels = f'layer1.{block}', 256 if block else 64
        for number, (inner, outer, kernel) in enumerate(((channels, 64, 1), (64, 64, 3), (64, 256, 1)), 1):
            shapes |= _conv_norm(f'{name}.conv{number}', f'{name}.bn{number}', inner, outer, kernel)
    shapes |= _conv_norm('layer1.0.downsample.0', 'layer1.0.downsample.1', 64, 256)
    shapes |= _conv_norm('transition1.0.0', 'transition1.0.1', 256, width, 3)
    shapes |= _conv_norm('transition1.1.0.0', 'transition1.1.0.1', 256, 2 * width, 3)
    for stage in (2, 3):
        name = f'transition{stage}.{stage}.0'
        shapes |= _conv_norm(f'{name}.0', f'{name}.1', width * 2 ** (stage - 1), width * 2**stage, 3)
    for stage, (modules, branches) in enumerate(HRNET_STAGES, 2):
        for module in range(modules):
            outputs = 1 if stage == 4 and module == modules - 1 else branches
            shapes |= _hrnet_module(f'stage{stage}.{module}', width, branches, outputs)
    return shapes


def bestie_hrnet(width: int) -> ReferenceNetwork:
    """BESTIE on HRNet: three branches on its finest level; the backbone's tensors have no prefix."""
    shapes = _hrnet(width)
    renames = {name.split('.')[0]: f'backbone.{name.split(".")[0]}' for name in shapes}
    for branch, (*_, outputs) in BRANCHES.items():
        shapes |= {f'{branch}.0.weight': (256, width, 3, 3), f'{branch}.0.bias': (256,)}
        shapes |= {f'{branch}.2.weight': (outputs, 256, 1, 1), f'{branch}.2.bias': (outputs,)}
        renames[branch] = f'head.{OUR_BRANCHES[branch]}'
    return _network(f'hrnet{width}', shapes, renames)


def _network(backbone: str, shapes: dict[str, Shape], renames: dict[str, str]) -> ReferenceNetwork:
    return ReferenceNetwork(
        name=f'bestie-{backbone}',
        description=f'BESTIE on {backbone}, https://github.com/clovaai/BESTIE',
        config=f'configs/bestie/bestie_{backbone}_50k_voc2012.py',
        shapes=shapes,
        aliases={},
        renames=renames,
        entry='model',
    )
