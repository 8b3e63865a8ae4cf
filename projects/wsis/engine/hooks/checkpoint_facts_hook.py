"""A hook that writes facts about a training into its checkpoints."""

from collections.abc import Mapping
from typing import Any

from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner


@HOOKS.register_module()
class CheckpointFactsHook(Hook):
    """Write facts into ``meta`` of every checkpoint, so that weights tell what they were made with.

    Args:
        facts: Names and plain values (numbers, texts, lists, dicts), which the safe loader reads.
    """

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.facts = dict(facts)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the facts to ``checkpoint['meta']``, in place."""
        checkpoint['meta'].update(self.facts)
