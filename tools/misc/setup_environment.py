"""Installs everything this project needs into one Python environment: `make setup`, `make demo`, `make test`.

    python3 tools/misc/setup_environment.py --venv .venv     makes a virtual environment and fills it
    PYTHON tools/misc/setup_environment.py                   fills the environment of that interpreter
    ... --original                                           with OpenMMLab's original distributions
    ... --compile-mmcv                                       with mmcv's compiled operators

Standard library only, and readable by old Pythons, so that they get a line instead of a syntax error. A stamp in the
environment says for which requirements and which folder it was filled; with the stamp in place a call takes a moment.
"""

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MINIMUM_PYTHON = (3, 10)
TORCH = 'torch==2.13.0'
MMCV = 'onedl-mmcv==2.3.6'
ORIGINAL_MMCV = 'mmcv==2.1.0'
STAMP_NAME = 'wsis-setup-stamp'
DOCS_STAMP_NAME = 'wsis-docs-stamp'
DOCS_REQUIREMENTS = 'requirements/docs.txt'
LOG_NAME = 'wsis-setup.log'
BUILD_TOOLS = ['pip', 'setuptools>=77', 'wheel', 'ninja', 'packaging>=24.2']
ORIGINAL_DISTRIBUTIONS = ('mmengine', 'mmcv', 'mmdet', 'mmsegmentation')
STAMPED_FILES = (
    'requirements/runtime.txt',
    'requirements/mminstall.txt',
    'requirements/mminstall-openmmlab.txt',
    'requirements/tests.txt',
    'requirements/optional.txt',
    'setup.cfg',
    'setup.py',
    'pyproject.toml',
    'tools/misc/setup_environment.py',
)


def stop(message):
    """End with one line that says what is wrong and what to do."""
    raise SystemExit('error: ' + message)


def check_python():
    """Stop on a Python that is too old."""
    if sys.version_info < MINIMUM_PYTHON:
        stop(
            f'Python {sys.version_info[0]}.{sys.version_info[1]} at {sys.executable} is too old: '
            'install Python 3.10 or newer and name it, as in '
            '`make setup PYTHON=/path/to/python3.11`'
        )


def check_compiler(purpose):
    """Stop where no C++ compiler is found.

    Args:
        purpose (str): What has to be compiled, for the message.
    """
    named = os.environ.get('CXX', '').split()
    candidates = named[:1] or ['c++', 'g++', 'clang++', 'cl']
    if not any(shutil.which(candidate) for candidate in candidates):
        stop(
            'no C++ compiler found ({}), which {} needs: install g++ (Debian, Ubuntu: `apt-get install g++`; '
            'conda: `conda install gxx`) or name one in CXX'.format(', '.join(candidates), purpose)
        )


def load_environment_check():
    """Return the package's module that checks versions, without importing the package."""
    path = os.path.join(ROOT, 'projects', 'wsis', 'environment.py')
    specification = importlib.util.spec_from_file_location('wsis_environment', path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def available_cores():
    """Return how many CPU cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def has_pip(python):
    """Tell whether an interpreter exists, runs and has pip (an interrupted `venv` leaves one without)."""
    if not os.path.exists(python):
        return False
    quiet = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}
    return subprocess.call([python, '-m', 'pip', '--version'], **quiet) == 0


def enter_virtual_environment(folder, arguments):
    """Make a virtual environment where there is none, and go on inside it.

    Args:
        folder (str): Where it lies.
        arguments (list): Command line to hand on.
    """
    scripts = os.path.join(folder, 'Scripts' if os.name == 'nt' else 'bin')
    python = os.path.join(scripts, 'python')
    if not has_pip(python):
        print(f'[setup] making the virtual environment {folder} with {sys.executable}', flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        if subprocess.call([sys.executable, '-m', 'venv', folder]) != 0:
            shutil.rmtree(folder, ignore_errors=True)
            if subprocess.call([sys.executable, '-m', 'virtualenv', folder]) != 0:
                stop(
                    f'{sys.executable} cannot make a virtual environment: '
                    'install python3-venv, or make an environment by other '
                    'means and name its interpreter: `make setup PYTHON=/path/to/python`'
                )
    raise SystemExit(subprocess.call([python, os.path.abspath(__file__)] + arguments))


class Installer:
    """Fills the environment of the running interpreter, step by step."""

    def __init__(self, original=False, compile_mmcv=False):
        self.check = load_environment_check()
        self.compile_mmcv = compile_mmcv
        self.original = original or self.uses_original_distributions()
        self.state_folder = self._state_folder()
        self.stamp = os.path.join(self.state_folder, STAMP_NAME)
        self.docs_stamp = os.path.join(self.state_folder, DOCS_STAMP_NAME)
        self.log = os.path.join(self.state_folder, LOG_NAME)
        self.start = time.time()

    @staticmethod
    def _state_folder():
        """Return the environment's folder, or one in the repository where that is not writable."""
        if os.access(sys.prefix, os.W_OK):
            return sys.prefix
        name = hashlib.sha256(sys.executable.encode()).hexdigest()[:12]
        folder = os.path.join(ROOT, '.cache', 'setup', name)
        os.makedirs(folder, exist_ok=True)
        return folder

    def fingerprint(self):
        """Return a hash of what the environment is filled from: requirements, interpreter, and this folder."""
        digest = hashlib.sha256('\0'.join([sys.executable, sys.version, ROOT, str(self.original)]).encode())
        for name in STAMPED_FILES:
            with open(os.path.join(ROOT, name), 'rb') as file:
                digest.update(file.read())
        return digest.hexdigest()

    def is_done(self):
        """Tell whether this environment was filled from the present requirements and still fits."""
        if not os.path.exists(self.stamp):
            return False
        with open(self.stamp) as file:
            fits = file.read().strip() == self.fingerprint() and self.check.find_problem() is None
        return fits and (self.check.has_compiled_operators() or not self.compile_mmcv)

    def add_docs(self):
        """Install what builds the documentation, unless that was done from the present requirements."""
        with open(os.path.join(ROOT, DOCS_REQUIREMENTS), 'rb') as file:
            wanted = hashlib.sha256(sys.executable.encode() + file.read()).hexdigest()
        if os.path.exists(self.docs_stamp):
            with open(self.docs_stamp) as file:
                if file.read().strip() == wanted:
                    return
        self.say('what builds the documentation')
        self.pip('install', '-r', DOCS_REQUIREMENTS, purpose='installing what builds the documentation')
        with open(self.docs_stamp, 'w') as file:
            file.write(wanted + '\n')

    def say(self, text):
        """Print a line about progress, with the seconds since the start."""
        print(f'[setup {time.time() - self.start:4.0f} s] {text}', flush=True)

    def pip(self, *arguments, **options):
        """Run pip, its output to the log file.

        Args:
            *arguments (str): Arguments of pip.
            purpose (str): What for, for the message when it fails; without it the exit status is returned.
            environment (dict): More environment variables.
        """
        command = [sys.executable, '-m', 'pip', '--disable-pip-version-check', '--no-input'] + list(arguments)
        with open(self.log, 'ab') as log:
            log.write(('\n$ ' + ' '.join(command) + '\n').encode())
            log.flush()
            status = subprocess.call(
                command,
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(os.environ, **options.get('environment', {})),
            )
        if status != 0 and 'purpose' in options:
            with open(self.log, errors='replace') as log:
                sys.stderr.write(''.join(log.readlines()[-15:]))
            stop('{} failed; the lines above and all of {} say why'.format(options['purpose'], self.log))
        return status

    def runs(self, code):
        """Tell whether a piece of Python runs in this environment; what it prints on failure goes to the log."""
        with open(self.log, 'ab') as log:
            return subprocess.call([sys.executable, '-c', code], cwd=self.state_folder, stdout=log, stderr=log) == 0

    def run(self):
        """Do all steps."""
        if importlib.util.find_spec('pip') is None:
            stop(f'{sys.executable} has no pip: `{sys.executable} -m ensurepip`')
        self.say(f'installing into {sys.prefix} (log: {self.log})')
        if not self.check._installed('pydensecrf2'):
            check_compiler('pydensecrf2')
        self.install_torch()
        if self.original:
            self.install_mmcv(ORIGINAL_MMCV)
            self.say('the original mmengine, mmdet and mmsegmentation')
            self.pip('install', '-r', 'requirements/mminstall-openmmlab.txt', purpose='installing the stack')
        else:
            self.install_mmcv(MMCV)
            self.say('mmengine, mmdetection, mmsegmentation')
            self.pip('install', '-r', 'requirements/mminstall.txt', purpose='installing the stack')
        self.say('runtime, tests, dense CRF (compiled, under a minute)')
        self.pip(
            'install',
            '-r',
            'requirements/runtime.txt',
            '-r',
            'requirements/tests.txt',
            '-r',
            'requirements/optional.txt',
            purpose='installing the requirements',
        )
        self.mend_opencv()
        self.say('the project itself, editable')
        self.pip('install', '--no-deps', '--no-build-isolation', '-e', '.', purpose='installing the project')
        self.verify()
        with open(self.stamp, 'w') as file:
            file.write(self.fingerprint() + '\n')
        self.say('done')

    def install_torch(self):
        """Install torch unless one that is new enough is there."""
        found = self.check._installed('torch')
        if found and self.check._release(found) >= self.check._release(self.check.STACK['torch'][0][1]):
            self.say(f'keeping torch {found}')
        else:
            self.say(f'{TORCH} (a large download)')
            self.pip('install', TORCH, purpose='installing torch')

    def uses_original_distributions(self):
        """Tell whether the environment already holds OpenMMLab's own distributions."""
        return any(self.check._installed(name) for name in ORIGINAL_DISTRIBUTIONS)

    def install_mmcv(self, requirement):
        """Install mmcv from a wheel where one fits; else compile it where that is needed, or take its Python alone.

        Args:
            requirement (str): Its distribution and version, NAME==VERSION.
        """
        name, version = requirement.split('==')
        # the original mmcv builds and imports with pkg_resources, which newer setuptools do not have
        tools = BUILD_TOOLS + (['setuptools<81'] if self.original else [])
        self.pip('install', *tools, purpose='installing the build tools')
        needs_operators = self.needs_operators()
        installed = self.check._installed(name) == version
        # operators that do not load, such as those for another torch, must go
        if installed and (self.mmcv_works() or not (needs_operators or self.check.has_compiled_operators())):
            self.say(f'keeping {requirement}')
            return
        self.say(f'{requirement}: looking for a wheel (PIP_FIND_LINKS={os.environ.get("PIP_FIND_LINKS", "")})')
        anew = ['--force-reinstall', '--no-deps'] if installed else []
        if self.pip('install', *anew, '--only-binary', name, requirement) == 0 and self.mmcv_works():
            return
        if needs_operators:
            self.build_mmcv(requirement)
        else:
            self.take_uncompiled_mmcv(requirement)
        self.pip('install', requirement, purpose="installing mmcv's requirements")

    def needs_operators(self):
        """Tell whether mmcv must have its compiled operators: where they are asked for, or a GPU makes use of them.

        Elsewhere the operators in plain torch of `projects/wsis/uncompiled_mmcv.py` take their place. The original
        mmcv cannot be built without them under its own name.
        """
        return self.compile_mmcv or self.original or self.runs('import torch; assert torch.cuda.is_available()')

    def take_uncompiled_mmcv(self, requirement):
        """Install mmcv without its operators, which it leaves out where torch is not seen while it is built.

        Args:
            requirement (str): See `install_mmcv`.
        """
        self.say(
            f'no wheel of {requirement} fits: taking it without compiled operators (with: `make setup COMPILE_MMCV=1`)'
        )
        name = requirement.split('==')[0]
        # not from or into pip's cache, which does not tell this build from one with operators
        options = ['--no-cache-dir', '--force-reinstall', '--no-deps', '--no-binary', name]
        self.pip('install', *options, requirement, purpose='installing mmcv')

    def build_mmcv(self, requirement):
        """Compile mmcv.

        Args:
            requirement (str): See `install_mmcv`.
        """
        check_compiler('mmcv')
        cores = available_cores()
        self.say(
            f'no wheel of {requirement} fits this Python and torch: compiling it with {cores} cores, '
            f'about {max(2, 28 / cores):.0f} minutes '
            '(a folder with a wheel can be named in PIP_FIND_LINKS)'
        )
        self.pip(
            'install',
            '--no-build-isolation',
            '--no-binary',
            requirement.split('==')[0],
            '--force-reinstall',
            '--no-deps',
            requirement,
            environment={'MAX_JOBS': str(cores), 'MMCV_WITH_OPS': '1'},
            purpose='compiling mmcv',
        )
        if not self.mmcv_works():
            stop(f'mmcv was compiled, but its ops do not load; {self.log} says why')

    def mmcv_works(self):
        """Tell whether mmcv's compiled ops load; OpenCV, which mmcv imports, is mended first."""
        self.mend_opencv()
        return self.runs('import torch, mmcv.ops')

    def mend_opencv(self):
        """Put OpenCV's headless build over the one with windows where the machine lacks the libraries for those."""
        found = self.check._installed('opencv-python')
        if found is None or self.runs('import cv2'):
            return
        self.say('OpenCV does not load here (no libGL?): taking its headless build')
        self.pip(
            'install',
            '--force-reinstall',
            '--no-deps',
            f'opencv-python-headless=={found}',
            purpose='installing opencv-python-headless',
        )
        if not self.runs('import cv2'):
            stop(f'OpenCV does not load; {self.log} says why')

    def verify(self):
        """Stop unless the package imports from another folder."""
        problem = self.check.find_problem()
        if problem:
            stop(problem)
        if not self.runs('import projects.wsis'):
            with open(self.log, errors='replace') as log:
                stop('projects.wsis does not import: ' + log.readlines()[-1].strip())


def main():
    """Fill an environment, unless that was done already."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument('--venv', help='make (or use) this virtual environment instead of the running interpreter')
    parser.add_argument('--docs', action='store_true', help='also install what builds the documentation')
    parser.add_argument(
        '--compile-mmcv',
        action='store_true',
        help="compile mmcv's operators where no wheel fits (default: only where a GPU is found)",
    )
    parser.add_argument(
        '--original',
        action='store_true',
        help="OpenMMLab's original distributions, not the onedl-* ones",
    )
    arguments = parser.parse_args()
    check_python()
    if arguments.venv:
        flags = [flag for flag in ('--docs', '--original', '--compile-mmcv') if flag in sys.argv]
        enter_virtual_environment(os.path.join(ROOT, arguments.venv), flags)
    os.chdir(ROOT)
    installer = Installer(arguments.original, arguments.compile_mmcv)
    if not installer.is_done():
        installer.run()
    if arguments.docs:
        installer.add_docs()


if __name__ == '__main__':
    main()
