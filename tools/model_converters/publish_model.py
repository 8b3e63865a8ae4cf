"""Publish a trained model: weights without optimizer and logs, and a config to use them with.

Writes OUT/NAME-<hash>.pth and OUT/NAME-<hash>.py, where the hash is that of the checkpoint. mmdet, mmseg and
WSISInferencer can read both files; with WSIS_ZOO=OUT WSISInferencer finds them by NAME.

Examples:
    python tools/model_converters/publish_model.py work_dirs/my_images checkpoints
    python tools/model_converters/publish_model.py work_dirs/demo checkpoints --all
    python tools/model_converters/publish_model.py CONFIG checkpoints --weights epoch_12.pth --fp16
"""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis.configs import find_config  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.apis.inference.trained_model import TrainedModel, find_trained_model  # noqa: E402
from projects.wsis.apis.publishing import Published, publish_model, read_metrics  # noqa: E402
from projects.wsis.apis.zoo.release import publish_recipe  # noqa: E402


def main() -> None:
    """Publish."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('model', help='folder of a run (--out of label_photos.py, or a work dir), or a config')
    parser.add_argument('out', help='folder to write to')
    parser.add_argument('--weights', help='checkpoint; needed if a config is given')
    parser.add_argument('--name', help='name of the files (default: the name of the config or run)')
    parser.add_argument('--fp16', action='store_true', help='store the weights with 16 bits')
    parser.add_argument('--metrics', help='JSON file of metrics to include, such as the metrics.json of a stage')
    parser.add_argument(
        '--all',
        action='store_true',
        help='publish all trained models of a recipe, not only its last, with numbers; writes OUT/model-index.yml',
    )
    arguments = parser.parse_args()
    if arguments.all and (arguments.weights or arguments.name or arguments.metrics):
        parser.error('--all takes names and numbers from the recipe: leave out --weights, --name and --metrics')
    with report_errors():
        if arguments.all:
            for published in publish_recipe(arguments.model, arguments.out, arguments.fp16):
                show(published)
            return
        if os.path.isdir(arguments.model):
            model = find_trained_model(arguments.model)
        elif arguments.weights is None:
            parser.error('name the checkpoint of the config with --weights')
        else:
            model = TrainedModel(str(find_config(arguments.model)), arguments.weights)
        metrics = read_metrics(arguments.metrics) if arguments.metrics else None
        published = publish_model(model, arguments.out, arguments.name, arguments.fp16, metrics)
        show(published)


def show(published: Published) -> None:
    """Print what was written."""
    size = published.checkpoint.stat().st_size / 1e6
    print(f'{published.checkpoint} ({size:.1f} MB)\n{published.config}')


if __name__ == '__main__':
    main()
