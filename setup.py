"""Puts configs and tools into the installed package, as `projects/wsis/.mim`; everything else is in setup.cfg."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = ('configs', 'tools', 'demo', 'model-index.yml')
IGNORED = shutil.ignore_patterns('__pycache__', '*.pyc')


class BuildWithConfigs(build_py):
    """Copies configs and tools beside the modules of a wheel; an editable install finds them in the repository."""

    def run(self) -> None:
        """Build the package."""
        super().run()
        if getattr(self, 'editable_mode', False):
            return
        target = Path(self.build_lib) / 'projects' / 'wsis' / '.mim'
        shutil.rmtree(target, ignore_errors=True)  # an older build may have left files that are gone by now
        target.mkdir(parents=True)
        for name in SHIPPED:
            source = Path(name)
            if source.is_dir():
                shutil.copytree(source, target / name, ignore=IGNORED)
            elif source.is_file():
                shutil.copy2(source, target / name)


setup(cmdclass={'build_py': BuildWithConfigs})
