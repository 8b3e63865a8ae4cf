"""Command line arguments of the demos."""

import argparse

from .inferencer import WSISInferencer
from .trained_model import is_checkpoint_name


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which model is used, and how."""
    parser.add_argument(
        'model',
        help='folder of a run (--out of label_photos.py, or a work dir), name of a model of the zoo '
        '(docs/model_zoo.md), or a config',
    )
    parser.add_argument('--weights', help='checkpoint, which may stand behind a config too; needed with one')
    parser.add_argument('--classifier', help='folder or name of the classifier whose CAMs IRNet or AffinityNet uses')
    parser.add_argument('--device', help='device, such as cpu or cuda:0 (default: an accelerator if there is one)')
    parser.add_argument(
        '--tta',
        action='store_true',
        default=None,
        help='predict at several scales and mirrored (default for classifiers)',
    )
    parser.add_argument('--tags', nargs='+', metavar='CLASS', help='classes that are known to be in the images')
    parser.add_argument(
        '--long-side', type=int, help='reduce larger images to this long side, in pixels (default: 1024)'
    )
    parser.add_argument('--pred-score-thr', type=float, help='minimal score of instances (default: .3 for detectors)')
    parser.add_argument('--show', action='store_true', help='show each picture in a window')


def take_checkpoint(arguments: argparse.Namespace) -> None:
    """Read ``INPUTS CONFIG CHECKPOINT`` as ``INPUTS CONFIG --weights CHECKPOINT``, in place.

    That is the order of :class:`WSISInferencer` and of tools/test.py. As any number of inputs comes before the model,
    argparse takes the config for the last of them.
    """
    is_pair = is_checkpoint_name(arguments.model) and arguments.inputs[-1].endswith('.py')
    if is_pair and arguments.weights is None and len(arguments.inputs) > 1:
        arguments.model, arguments.weights = arguments.inputs.pop(), arguments.model


def build_inferencer(arguments: argparse.Namespace) -> WSISInferencer:
    """Build the inferencer that the arguments of :func:`add_model_arguments` choose."""
    return WSISInferencer(
        arguments.model, arguments.weights, arguments.classifier, device=arguments.device, tta=arguments.tta
    )
