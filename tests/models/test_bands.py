"""Large photos band by band: the same maps as of whole photos, without the widest ones inside."""

import pytest
import torch
from mmdet.models.backbones import MobileNetV2
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from projects.wsis.models import bands, joined_maps
from projects.wsis.models.backbones import StridedMobileNetV2, mobilenet_v2
from projects.wsis.models.classifiers import CAMClassifier
from projects.wsis.models.heads import AffinityNetHead, CAMHead, IRNetHead, PanopticDeepLabHead, irnet_head
from projects.wsis.models.necks import IRNetNeck
from projects.wsis.models.segmentors import AffinityNet, IRNet


class LargestMap(TorchDispatchMode):
    """Notes the number of values of the largest tensor that an operation makes."""

    values = 0

    def __torch_dispatch__(self, function, types, arguments=(), settings=None):
        result = function(*arguments, **(settings or {}))
        if isinstance(result, torch.Tensor) and '_weight' not in str(function):
            self.values = max(self.values, result.numel())
        return result


def build_backbone(**settings):
    torch.manual_seed(0)
    backbone = StridedMobileNetV2(widen_factor=0.25, **settings)
    for norm in (module for module in backbone.modules() if isinstance(module, nn.BatchNorm2d)):
        norm.running_mean.normal_(std=0.1)
        norm.running_var.uniform_(0.5, 2)
    backbone.eval()
    return backbone


@pytest.mark.parametrize('size', [(123, 64), (96, 101), (7, 40)])
@pytest.mark.parametrize('settings', [dict(out_indices=(1, 2, 4, 7)), dict(output_stride=8, out_indices=(0, 6))])
@torch.no_grad()
def test_levels_of_bands_are_those_of_the_whole_photo(monkeypatch, settings, size):
    backbone = build_backbone(**settings)
    photos = torch.randn(2, 3, *size)
    expected = MobileNetV2.forward(backbone, photos)
    monkeypatch.setattr(bands.run_in_bands, '__defaults__', (4 * 2**10,))
    levels = backbone(photos)
    assert len(levels) == len(expected)
    for level, whole in zip(levels, expected):
        torch.testing.assert_close(level, whole, rtol=0, atol=1e-6 * float(whole.abs().max()))


@torch.no_grad()
def test_wide_maps_inside_blocks_never_exist_as_a_whole(monkeypatch):
    backbone, photos = build_backbone(out_indices=(7,)), torch.randn(1, 3, 512, 64)
    with LargestMap() as whole:
        MobileNetV2.forward(backbone, photos)
    monkeypatch.setattr(bands.run_in_bands, '__defaults__', (16 * 2**10,))
    with LargestMap() as largest:
        backbone(photos)
    widest = 6 * 8 * 256 * 32  # 48 channels at stride 2
    assert whole.values >= widest and largest.values <= widest / 2, 'in the end 1280 channels at stride 16'


def test_training_goes_through_whole_photos(monkeypatch):
    backbone = build_backbone(out_indices=(7,))
    monkeypatch.setattr(bands.run_in_bands, '__defaults__', (1,))
    with LargestMap() as largest:
        backbone(torch.randn(1, 3, 64, 64))
    assert largest.values >= 6 * 8 * 32 * 32


def build_irnet(channels=(6, 10, 12)):
    torch.manual_seed(0)
    neck = IRNetNeck(channels, (4, 8, 16), boundary_channels=8, displacement_channels=(16, 24, 16), fusion_channels=32)
    head = IRNetHead(neck.out_channels, 32)
    head.displacement_mean.normal_()
    for norm in (module for module in [*neck.modules(), *head.modules()] if isinstance(module, nn.GroupNorm)):
        nn.init.normal_(norm.weight, 1, 0.3)
        nn.init.normal_(norm.bias)
    return neck.eval(), head.eval()


@pytest.mark.parametrize('batch', [1, 3])
@pytest.mark.parametrize('rounding', [0, 1])
@pytest.mark.parametrize('size', [(61, 43), (40, 17), (5, 30)])
@torch.no_grad()
def test_rows_of_irnets_branches_are_those_of_the_whole(monkeypatch, size, rounding, batch):
    neck, head = build_irnet()
    sizes = [[max(1, -(-length // stride) - rounding * (stride > 1)) for length in size] for stride in (1, 2, 4)]
    features = [torch.randn(batch, channels, *own) for channels, own in zip((6, 10, 12), sizes)]
    expected = head(neck(features))
    monkeypatch.setattr(joined_maps.JoinedMaps.apply, '__defaults__', (2**13,))
    monkeypatch.setattr(joined_maps.normalize_in_place, '__defaults__', (0,))
    monkeypatch.setattr(joined_maps.JoinedMaps.bands, '__defaults__', (2**13,))
    monkeypatch.setattr(irnet_head, 'BAND_BYTES', 2**10)
    found = head.find_boundary(neck.find_boundary(features)), head.find_displacement(neck.find_displacement(features))
    for maps, whole in zip(found, expected):
        torch.testing.assert_close(maps, whole, rtol=0, atol=1e-5)
    joined = neck.find_displacement(features)
    for top in (0, 1, size[0] - 2):
        torch.testing.assert_close(joined.rows(top, top + 2), joined.whole()[..., top : top + 2, :], rtol=0, atol=0)


@torch.no_grad()
def test_joined_features_of_a_large_photo_never_exist(monkeypatch):
    neck, head = build_irnet()
    features = [
        torch.randn(1, channels, 256 // stride, 64 // stride) for channels, stride in zip((6, 10, 12), (1, 2, 4))
    ]
    joined = (16 + 32) * 256 * 64
    with LargestMap() as whole:
        head(neck(features))
    assert whole.values >= joined
    monkeypatch.setattr(joined_maps.JoinedMaps.apply, '__defaults__', (2**16,))
    monkeypatch.setattr(joined_maps.JoinedMaps.bands, '__defaults__', (2**16,))
    monkeypatch.setattr(irnet_head, 'BAND_BYTES', 2**16)
    with LargestMap() as largest:
        head.find_displacement(neck.find_displacement(features))
    assert largest.values <= 16 * 256 * 64, 'the finest level of the branch, which is less than the hidden layer'


@torch.no_grad()
def test_affinitynets_features_of_rows_are_those_of_the_whole(monkeypatch):
    torch.manual_seed(0)
    head = AffinityNetHead((4, 6, 8), (8, 16, 32)).eval()
    levels = [torch.randn(1, channels, 50, 21) for channels in (4, 6, 8)]
    expected = head(levels)
    monkeypatch.setattr(bands, 'BAND_BYTES', 2**13)
    with LargestMap() as largest:
        found = head(levels)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    assert largest.values == expected.numel()
    coarse = [levels[0], *(level[..., ::2, ::2] for level in levels[1:])]  # is enlarged, so as a whole
    assert head(coarse).shape == expected.shape


@pytest.mark.parametrize('align_corners', [False, True])
@pytest.mark.parametrize('coarse, fine', [((12, 5), (47, 19)), ((1, 3), (40, 12)), ((20, 7), (40, 14))])
@torch.no_grad()
def test_decoders_join_the_same_rows_in_bands(monkeypatch, align_corners, coarse, fine):
    torch.manual_seed(0)
    modules = [nn.Conv2d(7, 6, 5, padding=2), nn.ReLU(), nn.Conv2d(6, 2, 3, padding=1)]
    maps = torch.randn(2, 3, *coarse), torch.randn(2, 4, *fine)
    expected = bands.run_joined_in_bands(modules, *maps, align_corners)
    with LargestMap() as largest:
        found = bands.run_joined_in_bands(modules, *maps, align_corners, band_bytes=2**11)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    assert largest.values < 2 * 7 * fine[0] * fine[1], 'what is joined never exists as a whole'


@pytest.mark.parametrize('size', [(96, 64), (75, 50)])
def test_bestie_finds_the_same_in_bands(monkeypatch, size):
    torch.manual_seed(0)
    head = PanopticDeepLabHead(
        3, (4, 6, 8, 10), 8, 8, 8, 8, (4, 4, 4), (4, 4, 4), init_cfg=dict(type='Normal', layer='Conv2d', std=0.3)
    ).eval()
    head.init_weights()
    levels = [torch.randn(1, channels, *(-(-length // stride) for length in size))
              for channels, stride in zip((4, 6, 8, 10), (1, 2, 4, 8))]  # fmt: skip
    expected = head(levels)
    monkeypatch.setattr(bands.run_joined_in_bands, '__defaults__', (2**13,))
    monkeypatch.setattr(bands.run_in_bands, '__defaults__', (2**13,))
    with torch.no_grad():
        found = head(levels)
    for maps, whole in zip(found, expected):
        torch.testing.assert_close(maps, whole.detach(), rtol=1e-4, atol=1e-5)


def small_photos_count_as_large(monkeypatch):
    monkeypatch.setattr(mobilenet_v2, 'LARGE_PIXELS', 1)
    monkeypatch.setattr(bands, 'BAND_BYTES', 2**13)
    monkeypatch.setattr(bands.run_in_bands, '__defaults__', (2**13,))


@pytest.mark.parametrize('size', [(123, 64), (96, 101), (7, 40)])
@pytest.mark.parametrize('head', ['CAMHead', 'EPSHead'])
@torch.no_grad()
def test_class_maps_of_a_deferred_level(monkeypatch, head, size):
    torch.manual_seed(0)
    backbone = dict(type='StridedMobileNetV2', widen_factor=0.25, out_indices=(7,))
    model = CAMClassifier(backbone, dict(type=head, num_classes=3)).eval()
    assert model.backbone.defer_last_level
    photos = torch.randn(2, 3, *size)
    expected = model.make_maps(photos)
    small_photos_count_as_large(monkeypatch)
    with LargestMap() as largest:
        found = model.make_maps(photos)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    assert largest.values < 2 * 1280 * -(-size[0] // 16) * -(-size[1] // 16) or size[0] < 16, 'of the last level'


def test_a_head_that_looks_beyond_a_pixel_gets_the_whole_level():
    class OtherHead(CAMHead):
        def forward(self, features):
            return self.classifier(features[self.in_index].flip(-1))

    backbone = dict(type='StridedMobileNetV2', widen_factor=0.25, out_indices=(7,))
    for head in (dict(type='PAMHead', channels=8), dict(type=OtherHead)):
        assert not CAMClassifier(backbone, dict(num_classes=3, **head)).backbone.defer_last_level


@torch.no_grad()
def test_maps_that_are_measured_are_not_cut(monkeypatch):
    torch.manual_seed(0)
    maps = torch.randn(2, 3, 10, 5), torch.randn(2, 4, 40, 20)
    for norm in (nn.GroupNorm(2, 6), nn.InstanceNorm2d(6), nn.BatchNorm2d(6).train()):
        modules = [nn.Conv2d(7, 6, 3, padding=1), norm]
        whole = bands.run_joined_in_bands(modules, *maps, False)
        torch.testing.assert_close(bands.run_joined_in_bands(modules, *maps, False, band_bytes=1), whole)
        joined = torch.randn(2, 7, 40, 20)
        whole = bands.run_in_bands(modules, joined)
        torch.testing.assert_close(bands.run_in_bands(modules, joined, band_bytes=1), whole)


@pytest.mark.parametrize('size', [(70, 64), (61, 53)])
def test_irnet_and_affinitynet_read_a_deferred_level(monkeypatch, size):
    torch.manual_seed(0)
    backbone = dict(type='StridedMobileNetV2', widen_factor=0.25, out_indices=(2, 4, 7))
    irnet = IRNet(dict(backbone, out_indices=(1, 2, 4, 7)), dict(type='IRNetNeck'), dict(type='IRNetHead')).eval()
    head = dict(type='AffinityNetHead', channels=(8, 8, 16))
    affinitynet = [AffinityNet(dict(backbone, output_stride=stride), head).eval() for stride in (8, 16)]
    photo = torch.randn(3, *size)
    expected = [*irnet.relate_pixels(photo, size), *(one.relate_pixels(photo[None], size) for one in affinitynet)]
    small_photos_count_as_large(monkeypatch)
    found = [*irnet.relate_pixels(photo, size), *(one.relate_pixels(photo[None], size) for one in affinitynet)]
    for maps, whole in zip(found, expected, strict=True):
        torch.testing.assert_close(maps, whole, rtol=1e-4, atol=1e-4)
    with torch.no_grad():
        assert isinstance(irnet.backbone(photo[None])[-1], bands.DeferredMaps)
    assert isinstance(irnet.backbone(photo[None])[-1], torch.Tensor), 'where gradients are wanted'
