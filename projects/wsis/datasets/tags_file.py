"""Tags of many photos in one file."""

from pathlib import Path

from ..structures import read_json

PHOTO_ENDINGS = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp')


def read_tags_file(path: str | Path) -> dict[str, list[str]]:
    """Read the tags of all photos: JSON ``{photo: [class names]}``, or text lines ``photo name name ...``.

    In text files names are separated by tabs where the line has a tab (so that names may hold blanks), else by blanks.
    A photo may be named with or without its file ending.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it is not of this form.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'Tags file {path} does not exist')
    if path.suffix == '.json':
        content = read_json(path)
        if not isinstance(content, dict) or not all(isinstance(names, list) for names in content.values()):
            raise ValueError(f'{path}: a tags file is a JSON object {{"photo": ["class name", ...], ...}}')
        return {photo_stem(photo): [str(name) for name in names] for photo, names in content.items()}
    tags = {}
    for line in path.read_text(encoding='utf-8-sig').splitlines():
        if line.strip():
            photo, *names = line.strip().split('\t' if '\t' in line else None)
            tags[photo_stem(photo)] = [name.strip() for name in names if name.strip()]
    return tags


def photo_stem(photo: str) -> str:
    """Return the name of a photo without its file ending, where it has that of a photo."""
    return Path(photo).stem if Path(photo).suffix.lower() in PHOTO_ENDINGS else photo
