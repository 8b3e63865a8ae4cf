"""Which weights the networks of a recipe start from."""

import os
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch

from ..engine.safe_checkpoint import NAMED_SCHEMES, URL_SCHEMES, find_address, load_checkpoint_safely
from ..recipes.stage import PLACEHOLDER, Stage

SECONDS_TO_ANSWER = 10


def choose_weights(stages: list[Stage], weights: str | None) -> dict[str, Any]:
    """Return the options that make the stages start from the weights that were asked for.

    Args:
        stages: The stages of the recipe.
        weights: None for those of the configs, a file or URL for that file in every stage, or 'none' for no
            pretrained weights: the classifier is trained whole from scratch, and later stages start from its backbone.

    Returns:
        Options by ``STAGE.key``.

    Raises:
        FileNotFoundError: If a file does not exist, or a URL cannot be reached and was not fetched before; the line
            says what to pass.
        ValueError: If a file is damaged or holds no weights.
    """
    pretrained = {stage.name: stage for stage in stages if stage.action == 'train' and _find_checkpoint(stage)}
    if weights is None:
        for stage in pretrained.values():
            _check_reachable(_find_checkpoint(stage), stage)
        return {}
    if weights.lower() == 'none':
        return _start_from_scratch(list(pretrained.values()))
    if '://' in weights:
        for stage in pretrained.values():
            _check_reachable(weights, stage)
        path = weights
    elif Path(weights).expanduser().is_file():
        path = str(Path(weights).expanduser().resolve())
        load_checkpoint_safely(path)  # a damaged file shows before the long work
    else:
        raise FileNotFoundError(f'--weights {weights} does not exist: name a file of weights, or `none`')
    return {f'{name}.model.backbone.init_cfg.checkpoint': path for name in pretrained}


def _find_checkpoint(stage: Stage) -> str | None:
    """Return what the backbone of a stage is initialised from, unless another stage makes it."""
    if any('init_cfg' in key and PLACEHOLDER.search(str(value)) for key, value in stage.options.items()):
        return None
    backbone = (stage.load_config().get('model') or {}).get('backbone') or {}
    return (backbone.get('init_cfg') or {}).get('checkpoint')


def _start_from_scratch(stages: list[Stage]) -> dict[str, Any]:
    if not stages:
        return {}
    first, *later = stages
    options: dict[str, Any] = {f'{first.name}.model.backbone.init_cfg': None}
    backbone = first.load_config().model.backbone
    for key, value in (('frozen_stages', -1), ('norm_eval', False)):
        if key in backbone:
            options[f'{first.name}.model.backbone.{key}'] = value
    if 'requires_grad' in (backbone.get('norm_cfg') or {}):
        options[f'{first.name}.model.backbone.norm_cfg.requires_grad'] = True
    for stage in later:
        options[f'{stage.name}.model.backbone.init_cfg.checkpoint'] = f'{{{first.name}.checkpoint}}'
        options[f'{stage.name}.model.backbone.init_cfg.prefix'] = 'backbone.'
    return options


def _check_reachable(checkpoint: str, stage: Stage) -> None:
    advice = f'pass --weights FILE with the weights of {stage.config}, or --weights none to train from scratch'
    if '://' not in checkpoint:
        if not Path(checkpoint).expanduser().is_file():
            raise FileNotFoundError(f'the pretrained weights {checkpoint} do not exist: {advice}')
        return
    address = find_address(checkpoint) if checkpoint.startswith(NAMED_SCHEMES) else checkpoint
    name = os.path.basename(urlparse(address).path)
    if not address.startswith(URL_SCHEMES) or (Path(torch.hub.get_dir()) / 'checkpoints' / name).is_file():
        return
    try:
        request = urllib.request.Request(address, method='HEAD')
        urllib.request.urlopen(request, timeout=SECONDS_TO_ANSWER).close()
    except OSError as error:
        raise FileNotFoundError(f'the pretrained weights {checkpoint} cannot be reached ({error}): {advice}') from None
