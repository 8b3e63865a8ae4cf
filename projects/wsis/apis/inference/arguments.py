"""What the demos ask on the command line."""

import argparse

from .inferencer import WSISInferencer


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which model is used, and how."""
    parser.add_argument(
        'model',
        help='folder of a run (--out of label_photos.py, work dir), name of a model of the zoo (docs/model_zoo.md), '
        'or a config',
    )
    parser.add_argument('--weights', help='checkpoint, if the model is named by a config')
    parser.add_argument('--classifier', help='folder or name of the classifier that gives CAMs to IRNet or AffinityNet')
    parser.add_argument('--device', help='such as cpu or cuda:0 (default: an accelerator, where there is one)')
    parser.add_argument('--tta', action='store_true', default=None, help='several sizes and mirrored (classifiers do)')
    parser.add_argument('--tags', nargs='+', metavar='CLASS', help='classes that are known to be in the images')
    parser.add_argument('--long-side', type=int, help='work at this many pixels on the longer side (default: 1024)')
    parser.add_argument('--pred-score-thr', type=float, help='lowest score of instances (default: .3 for detectors)')
    parser.add_argument('--show', action='store_true', help='show each picture in a window')


def build_inferencer(arguments: argparse.Namespace) -> WSISInferencer:
    """Build the inferencer that the arguments of :func:`add_model_arguments` choose."""
    return WSISInferencer(
        arguments.model, arguments.weights, arguments.classifier, device=arguments.device, tta=arguments.tta
    )
