"""Measure stored predictions by the metrics of a config, on the photos and true masks of its test set; no model is run.

Examples:
    python tools/analysis_tools/eval_metric.py configs/irnet/irnet_r18_20e_demo.py work_dirs/demo/pseudo_labels
    python tools/analysis_tools/eval_metric.py configs/mask_rcnn/mask-rcnn_r18_6e_demo.py predictions/instances.json
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis.config_options import ConfigOptionsAction  # noqa: E402
from projects.wsis.apis.configs import load_config  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.inspection.offline_evaluation import evaluate_predictions  # noqa: E402
from projects.wsis.structures import write_json  # noqa: E402


def main() -> None:
    """Measure, and print the metrics."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config whose test set and metrics count')
    parser.add_argument(
        'predictions',
        help='a COCO json with scores, a folder of class maps (PNG), what tools/test.py --out wrote, or the folder '
        'of a stage that made labels',
    )
    parser.add_argument('--data', help="file that describes a data set, in the place of the config's own")
    parser.add_argument('--metrics', help='JSON file for the metrics')
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptionsAction, help='override settings of the config')
    arguments = parser.parse_args()
    with report_errors():
        cfg = load_config(arguments.config, arguments.cfg_options, data=arguments.data)
        metrics = {name: float(value) for name, value in evaluate_predictions(cfg, arguments.predictions).items()}
        if arguments.metrics:
            write_json(arguments.metrics, metrics)
    for name, value in metrics.items():
        print(f'{name}: {value:.4f}')


if __name__ == '__main__':
    main()
