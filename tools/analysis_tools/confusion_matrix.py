"""Which classes are taken for which: the confusion matrix of class maps, by the true masks of a config's test set.

Example:
    python tools/analysis_tools/confusion_matrix.py configs/irnet/irnet_r18_20e_demo.py \
        work_dirs/demo/pseudo_labels/semantic_masks confusion
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis.config_options import ConfigOptionsAction  # noqa: E402
from projects.wsis.apis.configs import load_config  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.inspection.confusion_matrix import measure_confusion, write_confusion  # noqa: E402


def main() -> None:
    """Count, and write table and picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config whose test set names photos and true masks')
    parser.add_argument(
        'predictions', help='folder of class maps (PNG), a store of them, or what tools/test.py --out wrote'
    )
    parser.add_argument('save_dir', help='folder for confusion_matrix.png and confusion_matrix.csv')
    parser.add_argument('--data', help="file that describes a data set, in the place of the config's own")
    parser.add_argument('--title', default='', help='title of the picture')
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptionsAction, help='override settings of the config')
    arguments = parser.parse_args()
    with report_errors():
        cfg = load_config(arguments.config, arguments.cfg_options, data=arguments.data)
        counts, names = measure_confusion(cfg, arguments.predictions)
        for path in write_confusion(counts, names, arguments.save_dir, arguments.title):
            print(path.resolve())


if __name__ == '__main__':
    main()
