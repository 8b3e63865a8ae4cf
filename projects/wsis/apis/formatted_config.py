"""A config whose text is formatted once, however often it is logged and written."""

from typing import ClassVar

from mmengine.config import Config


class FormattedConfig(Config):
    """mmengine's config, with a text that is remembered until the config changes.

    A Runner asks for the text of its config six times, for logs, files and visualizers. Formatting it takes most of
    the time that a short stage spends on anything but its work.
    """

    _texts: ClassVar[dict[str, str]] = {}

    @classmethod
    def of(cls, cfg: Config) -> 'FormattedConfig':
        """Return a copy of a config that is formatted once."""
        return cls(cfg.to_dict(), cfg_text=cfg.text, filename=cfg.filename)

    @property
    def pretty_text(self) -> str:
        """The formatted text."""
        key = repr(self.to_dict())
        if key not in self._texts:
            self._texts.clear()  # one config after the other: the texts of earlier ones are not asked for again
            self._texts[key] = super().pretty_text
        return self._texts[key]
