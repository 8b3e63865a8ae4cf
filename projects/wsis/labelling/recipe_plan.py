"""Planning a recipe for the data set that its configs name: what takes how long, before anything runs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from statistics import fmean
from typing import Any

from mmengine.config import Config
from mmengine.registry import DATASETS

from ..apis.configs import find_config, load_config
from ..datasets import TagDataset
from ..recipes.recipe import Recipe
from ..recipes.stage import Stage
from ..structures.photo_file import PhotoError, probe_photo
from .plan import plan_stages
from .plan_report import describe_plan

SIZED_PHOTOS = 200  # enough for their mean size


def plan_recipe(recipe: Recipe, stages: Sequence[Stage], data: Config) -> dict[str, Any]:
    """Plan stages of a recipe, as :func:`~projects.wsis.labelling.plan_report.describe_plan` describes it.

    Args:
        recipe: The recipe, read for the data set.
        stages: Those of its stages that are to run.
        data: What the file of the data set defines.
    """
    photos = _build(data.label_dataset)
    infos = [photos.get_data_info(index) for index in range(len(photos))]
    classes = photos.metainfo['classes']
    tags = Counter(classes[tag] for info in infos for tag in info['tags'])
    counts = dict(
        # mostly one and the same, and COCO's json takes half a minute to read
        train=len(infos if data.weak_dataset == data.label_dataset else _build(data.weak_dataset)),
        tagged=sum(bool(info['tags']) for info in infos),
        val=len(_build(data.val_dataset)) if data.get('val_dataset') else 0,
    )
    megapixels = _mean_megapixels(infos)
    planned = plan_stages(stages, counts, megapixels, recipe.processes, recipe.prefers_amp, as_configured=True)
    return describe_plan(len(infos), {name: tags[name] for name in classes}, '', planned)


def find_data(recipe: Config, data: str | None) -> Config:
    """Return what the data set of a recipe defines: that of a given file, of its own ``data``, or of its bases."""
    data = data or recipe.get('data')
    return recipe if data is None else load_config(find_config(data))


def _build(settings: Mapping[str, Any]) -> TagDataset:
    return DATASETS.build(dict(settings, pipeline=[]))


def _mean_megapixels(infos: list[dict]) -> float | None:
    sizes = []
    for info in infos[:: max(1, len(infos) // SIZED_PHOTOS)]:
        with suppress(PhotoError):
            height, width = probe_photo(info['img_path']).shape
            sizes.append(height * width / 1e6)
    return fmean(sizes) if sizes else None
