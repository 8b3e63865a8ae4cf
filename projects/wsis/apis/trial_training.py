"""Building what a training consists of, for tools that take some of its steps themselves."""

from itertools import islice
from typing import Any, NamedTuple

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper

from ..engine.safe_loading import safe_loading
from .launch import build_runner, check_checkpoint_exists


class TrialTraining(NamedTuple):
    """A model in training mode, its optimizer wrapper, and batches as the data loader gives them."""

    model: BaseModel
    optimizer: OptimWrapper
    batches: list[Any]


def build_trial_training(cfg: Config, batches: int = 1, device: str | None = None) -> TrialTraining:
    """Build the model of a training config with the weights that it starts from, and load its first batches.

    Images are loaded in this process. A batch that is not full is kept, so that a small data set has one, too.

    Args:
        cfg: The config; its ``load_from`` names a checkpoint in the place of the initial weights. Changed in place.
        batches: How many batches are loaded; less if the data set has less.
        device: Where the model is put; by default an accelerator, if there is one.

    Raises:
        FileNotFoundError: If the checkpoint is missing.
    """
    cfg.log_level, cfg.resume = 'ERROR', False
    cfg.train_dataloader.update(num_workers=0, persistent_workers=False, drop_last=False)
    check_checkpoint_exists(cfg.get('load_from'))
    runner = build_runner(cfg)
    with safe_loading():
        runner.model.init_weights()
        runner.load_or_resume()
    model = runner.model.to(device or get_device()).train()
    loaded = list(islice(runner.build_dataloader(cfg.train_dataloader, seed=0), batches))
    return TrialTraining(model, runner.build_optim_wrapper(cfg.optim_wrapper), loaded)
