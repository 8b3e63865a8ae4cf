"""Importing this spares the runs of this process what no test looks at, and what takes longer than a tiny run itself.

A run formats its config, for its logs and its folder, and asks what is installed on the machine. Here the text of a
config is valid Python, but on lines of any length. `yapf_format` formats as ever; so do programs that tests start as a
user does.
"""

import gc

import mmengine.config.config
import mmengine.runner.runner
from yapf.yapflib import yapf_api

yapf_format = yapf_api.FormatCode
#: Where mmengine's versions find it.
FORMATTERS = [module for module in (yapf_api, mmengine.config.config) if hasattr(module, 'FormatCode')]


def leave_as_it_is(text: str, **_: object) -> tuple[str, bool]:
    """Stand for yapf's function: return the text, and that it was not changed."""
    compile(text, 'config', 'exec')  # as yapf does, it finds what is no Python
    return text, False


def forget_what_is_imported() -> None:
    """Let the garbage collector look no more at what is there now.

    mmengine collects garbage for each data set that it builds, which takes .3 seconds with all modules of a test run.
    """
    gc.collect()
    gc.freeze()


for module in FORMATTERS:
    module.FormatCode = leave_as_it_is
mmengine.runner.runner.collect_env = dict
