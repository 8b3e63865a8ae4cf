"""Writing mmengine's local files (mainly checkpoints) atomically."""

from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

from projects.wsis.structures.files import write_atomically


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


def install_atomic_backend() -> None:
    """Let mmengine write local files through `AtomicLocalBackend`. Calling it again changes nothing."""
    register_backend('local', AtomicLocalBackend, force=True, prefixes='')
