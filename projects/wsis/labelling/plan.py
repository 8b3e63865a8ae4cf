"""What labelling a set of photos will do: the recipe, the length of each training, time and disk."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import torch
from mmengine.config import Config

from ..apis.configs import INSTALLED_ROOT, ROOT, find_config
from ..recipes.stage import Stage

RECIPES = Path('configs') / 'recipes'
LIGHT_RECIPE = 'irnet_mobilenet-v2_photos'
PAPER_RECIPE = 'irnet_r50_voc2012'
FEW_PHOTOS = 200  # a guess: whether fewer are too few for the paper's networks was not measured
# A schedule of epochs is made for a set like VOC 2012 trainaug. Fewer photos are seen more often, so that the networks
# learn something; more are not seen each as often, so that the time does not grow without bound.
FEWEST_COUNTED, MOST_COUNTED = 300, 10582
# Of the seconds of an iteration in float32, as measured for CAM and IRNet on MobileNetV2 (docs/benchmarks.md). Light
# DeepLab and BESTIE, which gain less, train in float32 unless they are told otherwise.
MIXED_PRECISION_SHARE = 0.75


@dataclass(frozen=True)
class PlannedStage:
    """One stage of a plan.

    Attributes:
        name: Its name.
        action: ``train``, ``predict`` or ``tool``.
        photos: How many photos it goes through.
        iterations: Length of a training.
        seconds: How long it may take on two CPU cores, None where that is not known.
        batch_size: The batch that the processes take together where they cannot share that of the config.
    """

    name: str
    action: str
    photos: int
    iterations: int | None = None
    seconds: float | None = None
    batch_size: int | None = None


def choose_recipe(name: str | None, photos: int) -> tuple[Path, str]:
    """Return the recipe's config, and why it was chosen.

    Args:
        name: Name of a recipe in ``configs/recipes``, a config file, or None to choose by device and number of photos.
        photos: How many photos there are.

    Raises:
        FileNotFoundError: If there is no such recipe; the line lists those that there are.
    """
    if name is None:
        gpu = torch.cuda.is_available()
        chosen = PAPER_RECIPE if gpu and photos >= FEW_PHOTOS else LIGHT_RECIPE
        reason = f'{"a GPU" if gpu else "no GPU"} and {photos} photos'
        return find_config(RECIPES / f'{chosen}.py'), f'{chosen} (for {reason}; --recipe chooses another)'
    if name.endswith('.py'):
        return find_config(name), name
    try:
        return find_config(RECIPES / f'{name}.py'), name
    except FileNotFoundError:
        known = list_recipes()
        alike = get_close_matches(name, known, 3)
        guess = f' (did you mean {" or ".join(alike)}?)' if alike else ''
        raise FileNotFoundError(
            f'there is no recipe {name!r}{guess}: choose one of {", ".join(known)}, or name a config file'
        ) from None


def list_recipes() -> list[str]:
    """Return the names of the recipes that this project ships."""
    folder = next(root for root in (ROOT, INSTALLED_ROOT) if (root / RECIPES).is_dir()) / RECIPES
    return sorted(path.stem for path in folder.glob('*.py'))


def plan_stages(
    stages: Sequence[Stage],
    photos: Mapping[str, int],
    megapixels: float | None = None,
    processes: int = 1,
    amp: Callable[[Stage], bool] = lambda _: False,
    as_configured: bool = False,
) -> list[PlannedStage]:
    """Plan stages for a data set.

    Configs for CPUs say what they cost on two cores: ``cpu_seconds = dict(iteration=, megapixel=)``, seconds of a
    training's iteration and of a million pixels of photos to predict on. They also say from which size on a set does
    not train longer: ``most_counted_photos``.

    Args:
        stages: Those of a recipe, for the data set; iterations among their options stay.
        photos: How many photos are learnt from: ``train`` (with negatives), ``tagged`` of them, and ``val``.
        megapixels: Mean size of the photos as the stages read them.
        processes: How many share the batch of a training.
        amp: Tells of a stage whether it calculates in mixed precision.
        as_configured: Whether trainings have the length of their configs, instead of one for the number of photos.
    """
    shares = [MIXED_PRECISION_SHARE if amp(stage) else 1.0 for stage in stages]
    planned = [_plan(stage, photos, megapixels, share, as_configured) for stage, share in zip(stages, shares)]
    return [replace(own, batch_size=stage.find_other_batch(processes)) for own, stage in zip(planned, stages)]


def _plan(
    stage: Stage, photos: Mapping[str, int], megapixels: float | None, share: float, as_configured: bool
) -> PlannedStage:
    if stage.action == 'tool':
        return PlannedStage(stage.name, stage.action, photos['tagged'])
    config = stage.load_config()
    costs = {} if torch.cuda.is_available() else config.get('cpu_seconds', {})
    if stage.action == 'predict':
        val = config.get('val_dataset') or {}
        on_val = bool(val) and config.test_dataloader.dataset.get('ann_file') == val.get('ann_file')
        count = photos['val'] if on_val else photos['tagged']
        seconds = _multiply(costs.get('megapixel'), megapixels, count)
        return PlannedStage(stage.name, stage.action, count, seconds=seconds)
    dataset = config.train_dataloader.dataset
    of_tagged = dataset.type == 'CocoDataset' or (dataset.get('filter_cfg') or {}).get('filter_empty_tags')
    count = photos['tagged' if of_tagged else 'train']
    iterations = (count_configured_iterations if as_configured else count_iterations)(config, count)
    seconds = _multiply(costs.get('iteration'), iterations, share)
    return PlannedStage(stage.name, stage.action, count, iterations, seconds)


def _multiply(*factors: float | None) -> float | None:
    return None if None in factors else math.prod(factors)


def count_iterations(config: Config, photos: int) -> int:
    """Return how many iterations a config's training takes for a number of photos.

    The schedule of the config holds for sets of 300 photos up to ``most_counted_photos`` of the config (10,582, those
    of VOC 2012 trainaug, where it does not say). A smaller set is trained as long as one of 300 photos, a larger one as
    long as one of the most.

    Args:
        config: A training config; one that sets ``iterations`` keeps them.
        photos: Size of the set.
    """
    if config.get('iterations') is not None:
        return int(config.iterations)
    counted = min(max(photos, FEWEST_COUNTED), config.get('most_counted_photos', MOST_COUNTED))
    loop = config.train_cfg
    if 'max_epochs' in loop:
        batch = min(config.train_dataloader.batch_size, photos)
        return max(1, math.ceil(loop.max_epochs * counted / batch))
    return max(1, math.ceil(loop.max_iters * counted / MOST_COUNTED))


def count_configured_iterations(config: Config, photos: int) -> int:
    """Return how many iterations a training takes by the schedule of its config.

    Args:
        config: A training config.
        photos: Size of its set.
    """
    loop, loader = config.train_cfg, config.train_dataloader
    if config.get('iterations') is not None or 'max_epochs' not in loop:
        return int(config.get('iterations') or loop.max_iters)
    steps = photos / min(loader.batch_size, photos)
    return loop.max_epochs * (math.floor(steps) if loader.get('drop_last') else math.ceil(steps))
