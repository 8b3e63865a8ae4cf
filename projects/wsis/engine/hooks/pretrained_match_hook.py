"""A hook that stops a training run whose pretrained weights belong to another network."""

from collections.abc import Iterator

from mmengine.hooks import Hook
from mmengine.model import BaseModule
from mmengine.registry import HOOKS
from torch import nn

from ..run_kind import starts_training
from ..safe_checkpoint import load_checkpoint_safely

FEWEST_FRACTION = 0.5


def find_pretrained(model: nn.Module) -> Iterator[tuple[str, nn.Module, dict]]:
    """Yield (name, module, init_cfg) of the modules that start from a file as it is.

    Modules with an ``init_weights`` of their own (such as Swin's) are left out: they may translate the file's names.
    """
    for name, module in model.named_modules():
        if getattr(type(module), 'init_weights', None) is not BaseModule.init_weights:
            continue
        settings = module.init_cfg or []
        for init_cfg in [settings] if isinstance(settings, dict) else settings:
            kind = init_cfg['type']
            if (kind if isinstance(kind, str) else kind.__name__) in ('Pretrained', 'PretrainedInit'):
                yield name, module, init_cfg


def match_weights(module: nn.Module, init_cfg: dict) -> tuple[list[str], list[str]]:
    """Compare a module's weights with the checkpoint of its ``init_cfg``.

    Vectors (biases, norms) count only where there is nothing else: those of another ResNet often fit.

    Returns:
        Names of the weights that mmengine will take from the checkpoint, and of the others.

    Raises:
        FileNotFoundError: If the checkpoint does not exist.
        ValueError: If it is no checkpoint.
    """
    content = load_checkpoint_safely(init_cfg['checkpoint'])
    weights = content.get('state_dict', content)
    # mmengine ignores a leading `module.` only where no prefix is asked for
    prefix = init_cfg.get('prefix')
    start = f'{prefix.rstrip(".")}.' if prefix else 'module.'
    shapes = {
        name.removeprefix(start): value.shape
        for name, value in weights.items()
        if hasattr(value, 'shape') and (not prefix or name.startswith(start))
    }
    parameters = dict(module.named_parameters())
    own = {name: value for name, value in parameters.items() if value.dim() > 1} or parameters
    fitting = [name for name, value in own.items() if shapes.get(name) == value.shape]
    return fitting, [name for name in own if name not in fitting]


@HOOKS.register_module()
class PretrainedMatchHook(Hook):
    """Raise an error when less than half of a module's weights are in the checkpoint that its ``init_cfg`` names.

    mmengine loads such a file as far as it fits, so the file of another network would silently mean random weights.
    Weights are counted by name, not by size: a network with a stage more than its file passes. Where a training is
    resumed, or a model tested, all weights come from a checkpoint, and nothing is looked at.
    """

    def before_run(self, runner) -> None:
        """Compare the files with the model, before mmengine initializes it.

        Raises:
            FileNotFoundError: If a file does not exist.
            ValueError: If a file does not fit; the message names it, the module and the first misfit.
        """
        if not starts_training(runner):
            return
        for name, module, init_cfg in find_pretrained(runner.model):
            fitting, others = match_weights(module, init_cfg)
            total = len(fitting) + len(others)
            if len(fitting) >= FEWEST_FRACTION * total:
                continue
            prefix = f' under the prefix {init_cfg["prefix"]!r}' if init_cfg.get('prefix') else ''
            raise ValueError(
                f'pretrained checkpoint {init_cfg["checkpoint"]} is not of {name or "this model"} '
                f'({type(module).__name__}): {len(fitting)} of {total} weights fit{prefix}, none for {others[0]}; '
                'name weights of this network (and their prefix) in its init_cfg, or set init_cfg=None to start from '
                'random weights'
            )
