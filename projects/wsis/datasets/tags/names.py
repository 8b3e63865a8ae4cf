"""Finding the photo that a name in a tags file or split means."""

import unicodedata
from collections.abc import Iterable

from ...structures.photo_file import PHOTO_ENDINGS, is_photo_name

_SEVERAL = '\0several'


def clean_name(name: str) -> str:
    """Return a photo's name with ``/`` between folders, without ``./`` and in Unicode's composed form."""
    name = name.strip()
    if not name.isascii():
        name = unicodedata.normalize('NFC', name)
    name = name.replace('\\', '/')
    while name.startswith('./'):
        name = name[2:]
    return name


def drop_ending(name: str) -> str:
    """Return a photo's name without its file ending, where it has that of a photo."""
    stem, _, ending = name.rpartition('.')
    # `.jpg` alone is a name, not an ending
    return stem if f'.{ending.lower()}' in PHOTO_ENDINGS and stem and stem[-1] != '/' else name


def _lower_ending(name: str) -> str:
    stem = drop_ending(name)
    return stem + name[len(stem) :].lower()


class PhotoNames:
    """Finds photos by names that people write.

    A name means the photo of that path below the root. Else it means the one photo whose path ends so, or that ends as
    the name does (names may begin with folders above the root), with the file ending or, for names without one, without
    it. An ending that is written counts (in any case): ``a.jpg`` is never ``a.png``.

    Args:
        photos: Paths of all photos below the root, ``/`` between folders.
    """

    def __init__(self, photos: Iterable[str]) -> None:
        self.exact = {clean_name(photo): photo for photo in photos}
        self._tails: dict[str, str] = {}
        self._stems: dict[str, str] = {}
        self._alike: dict[str, list[str]] = {}

    def _index_tails(self) -> None:
        """Make the indices that only names of another form than the paths need."""
        for name, photo in self.exact.items():
            tail = _lower_ending(name)
            stem = drop_ending(tail)
            while tail:
                self._enter(self._tails, tail, photo)
                self._enter(self._stems, stem, photo)
                tail, stem = tail.partition('/')[2], stem.partition('/')[2]

    def _enter(self, index: dict[str, str], key: str, photo: str) -> None:
        known = index.setdefault(key, photo)
        if known != photo:
            index[key] = _SEVERAL
            alike = self._alike.setdefault(key, [] if known == _SEVERAL else [known])
            if len(alike) < 3:
                alike.append(photo)

    def find(self, name: str) -> str | None:
        """Return the photo; None if there is none or the name fits several (:meth:`list_alike`)."""
        name = clean_name(name)
        if name in self.exact:
            return self.exact[name]
        index, tail = self._choose_index(name)
        while True:
            if (photo := index.get(tail)) is not None:
                return None if photo == _SEVERAL else photo
            if '/' not in tail:
                return None
            tail = tail.split('/', 1)[1]

    def list_alike(self, name: str) -> list[str]:
        """Return (up to three) photos that a name fits that means no single one."""
        name = clean_name(name)
        index, tail = self._choose_index(name)
        while tail:
            if index.get(tail) == _SEVERAL:
                return self._alike[tail]
            tail = tail.partition('/')[2]
        return []

    def is_elsewhere(self, name: str, photo: str) -> bool:
        """Return whether a name that was found gives the photo another folder than it lies in."""
        name, photo = clean_name(name), clean_name(photo)
        folders = name.split('/')[-2::-1], photo.split('/')[-2::-1]
        return any(written != true for written, true in zip(*folders))

    def _choose_index(self, name: str) -> tuple[dict[str, str], str]:
        if not self._tails:
            self._index_tails()
        return (self._tails, _lower_ending(name)) if is_photo_name(name) else (self._stems, name)
