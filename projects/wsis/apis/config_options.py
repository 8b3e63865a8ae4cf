"""The `--cfg-options` of the command line: `key=value` pairs as mmengine reads them, with a line on what is no pair."""

import argparse
from collections.abc import Sequence

from mmengine.config import DictAction


class ConfigOptionsAction(DictAction):
    """Read `key=value` pairs into a dict, as mmengine's `DictAction` does.

    What is no such pair ends the call as other mistakes of the command line do, with one line and status 2.
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Sequence[str] | None,
        option_string: str | None = None,
    ) -> None:
        """Add the pairs to those that were given before."""
        name = self.option_strings[0] if self.option_strings else self.dest
        for value in values or ():
            if not value.partition('=')[0].strip() or '=' not in value:
                parser.error(f'{name} {value}: give key=value')
            try:
                super().__call__(parser, namespace, [value], option_string)
            except AssertionError:  # how mmengine tells of brackets that are not closed
                parser.error(f'{name} {value}: a bracket is opened or closed too often; write a list as key="[a,b]"')
        if not values:  # an option that takes any number of them
            super().__call__(parser, namespace, values, option_string)
