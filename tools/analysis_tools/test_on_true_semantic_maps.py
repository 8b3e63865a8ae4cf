"""Test BESTIE's centres and offsets alone: its semantic maps are replaced by the true ones.

What is then lost against the true masks is lost by the instance branch. What the normal test loses beyond that is lost
by the semantic maps. With `--no-centers` each component of the true maps is one instance, which the instance branch has
to beat.

Example:
    python tools/analysis_tools/test_on_true_semantic_maps.py configs/bestie/bestie_r18_18e_demo.py \
        work_dirs/bestie_r18_18e_demo/epoch_18.pth
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

# isort: split
import projects.wsis  # noqa: E402, F401  before mmdet, where mmcv has no compiled operators

# isort: split
import torch.nn.functional as F  # noqa: E402
from mmdet.structures import DetDataSample  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmengine.registry import MODELS  # noqa: E402

from projects.wsis.apis.configs import load_config  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.apis.launch import add_common_arguments, finish, parse_arguments, run_test  # noqa: E402
from projects.wsis.models.detectors.bestie import BESTIE  # noqa: E402
from projects.wsis.models.heads.instance_head import InstanceMaps  # noqa: E402


@MODELS.register_module()
class BESTIEOnTrueSemanticMaps(BESTIE):
    """BESTIE that reads instances out of the true semantic map of each photo.

    Args:
        use_centers: False leaves the centre maps out, so that each component is one instance.
        kwargs: What BESTIE takes.
    """

    def __init__(self, use_centers: bool = True, **kwargs) -> None:
        super().__init__(**kwargs)
        self.use_centers = use_centers

    def _finish_sample(self, sample: DetDataSample, maps: InstanceMaps) -> None:
        if 'gt_sem_seg' not in sample:
            raise ValueError(f'{sample.img_id} has no mask in the data set: take photos that have one')
        labels = sample.gt_sem_seg.data.long().to(maps.semantic.device)
        labels = labels.masked_fill(labels > self.head.num_classes, 0)  # ignored pixels are of no object
        semantic = F.one_hot(labels, self.head.num_classes + 1).permute(0, 3, 1, 2).to(maps.semantic)
        center = maps.center if self.use_centers else maps.center.new_zeros(maps.center.shape)
        super()._finish_sample(sample, InstanceMaps(semantic, center, maps.offset))


def put_true_maps_in_place(cfg: Config, use_centers: bool) -> None:
    """Change the model of a config, in place.

    Raises:
        ValueError: If it is no BESTIE, or makes labels: those must not be made of true masks.
    """
    if cfg.model.type != 'BESTIE':
        raise ValueError(f'the model is {cfg.model.type}, not BESTIE: give one of configs/bestie')
    if cfg.model.get('test_cfg', {}).get('mode', 'predict') != 'predict':
        raise ValueError('this config makes labels, which must know nothing of true masks: give the one of training')
    cfg.model.update(type='BESTIEOnTrueSemanticMaps', use_centers=use_centers)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description="Test BESTIE's centres and offsets on the true semantic maps")
    parser.add_argument('config', help='training config of BESTIE')
    parser.add_argument('checkpoint', help='checkpoint file or URL')
    add_common_arguments(parser)
    parser.add_argument(
        '--no-centers',
        action='store_true',
        help='take each component of the true maps as one instance, without centres',
    )
    parser.add_argument('--metrics', help='JSON file to write the metrics to')
    return parser


def main() -> None:
    """Test."""
    arguments = parse_arguments(build_parser())
    with report_errors():
        cfg = load_config(
            arguments.config, arguments.cfg_options, arguments.work_dir, arguments.launcher, arguments.data
        )
        cfg.load_from = arguments.checkpoint
        put_true_maps_in_place(cfg, not arguments.no_centers)
        run_test(cfg, arguments.metrics)
        finish()


if __name__ == '__main__':
    main()
