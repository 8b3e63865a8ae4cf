"""Puts configs and tools into the installed package, where `mim` finds them; everything else is in setup.cfg."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.egg_info import egg_info

SHIPPED = ('configs', 'tools', 'demo', 'model-index.yml')
PACKAGE = 'projects/wsis'
IGNORED = shutil.ignore_patterns('__pycache__', '*.pyc')


class BuildWithConfigs(build_py):
    """Copies configs and tools beside the modules of a wheel; an editable install finds them in the repository."""

    def run(self) -> None:
        """Build the package."""
        super().run()
        if getattr(self, 'editable_mode', False):
            return
        target = Path(self.build_lib) / PACKAGE / '.mim'
        shutil.rmtree(target, ignore_errors=True)  # an older build may have left files that are gone by now
        target.mkdir(parents=True)
        for name in SHIPPED:
            source = Path(name)
            if source.is_dir():
                shutil.copytree(source, target / name, ignore=IGNORED)
            elif source.is_file():
                shutil.copy2(source, target / name)


class EggInfoForMim(egg_info):
    """Names the package's folder in ``top_level.txt``.

    `mim` looks for ``.mim`` in the folder that the first line names, below the folder of all packages. setuptools would
    write ``projects``, which is no package of this project's own.
    """

    def run(self) -> None:
        """Write the metadata."""
        super().run()
        (Path(self.egg_info) / 'top_level.txt').write_text(f'{PACKAGE}\n')


setup(cmdclass={'build_py': BuildWithConfigs, 'egg_info': EggInfoForMim})
