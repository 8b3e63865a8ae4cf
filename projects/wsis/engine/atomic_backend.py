"""Writing mmengine's local files (mainly checkpoints) atomically."""

from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from projects.wsis.structures.files import write_atomically

NAME = 'wsis-atomic'


class AtomicLocalBackend(LocalBackend):
    """mmengine's storage on the local disk, writing under a temporary name and renaming at the end.

    A process killed while it saves a checkpoint leaves the older file of that name, or none, so that whatever
    `*.pth` lies in a work dir can be trusted.
    """

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write bytes to a file.

        Args:
            obj: What to write.
            filepath: Where to; missing folders are made.
        """
        write_atomically(filepath, lambda file: file.write(obj))

    def put_text(self, obj: str, filepath: str | Path, encoding: str = 'utf-8') -> None:
        """Write text to a file.

        Args:
            obj: What to write.
            filepath: Where to; missing folders are made.
            encoding: The text's encoding.
        """
        self.put(obj.encode(encoding), filepath)


def save_atomically(runner: Runner) -> None:
    """Let the checkpoint hooks of a Runner save through `AtomicLocalBackend`; call it before training begins.

    mmengine gets one more backend, and none of its own is replaced. Hooks that were told of another backend, or save
    to an address such as ``s3://``, stay as they are.
    """
    register_backend(NAME, AtomicLocalBackend, force=True)
    for hook in runner.hooks:
        if not isinstance(hook, CheckpointHook) or '://' in str(hook.out_dir):
            continue
        if not hook.backend_args and not hook.file_client_args:
            hook.backend_args = dict(backend=NAME)
