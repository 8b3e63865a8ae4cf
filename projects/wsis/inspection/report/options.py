"""How much a report shows."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReportOptions:
    """How much a report shows, and from what.

    Attributes:
        photos: At most so many photos are in the gallery, evenly spaced over the data set.
        layers: So many of them have all their layers in the page; half of them are those that look worst.
        run_models: Whether the detector (or segmentation model) and IRNet are run on the photos with layers, where the
            run did not keep what they say.
        min_score: Detections of a lower score are left out.
        side: Longer side of the pictures of layers, in pixels.
        data: File that describes the data set, in the place of the run's own.
        processes: How many processes look at photos at once (None: one a core).

    Raises:
        ValueError: If a number is out of its range; one line.
    """

    photos: int = 5000
    layers: int = 400
    run_models: bool = True
    min_score: float = 0.5
    side: int = 400
    data: str | None = None
    processes: int | None = None

    def __post_init__(self) -> None:
        if self.photos < 1:
            raise ValueError(f'--photos is the number of photos to show, 1 or more, not {self.photos}')
        if self.layers < 0:
            raise ValueError(f'--layers is the number of photos with layers, 0 or more, not {self.layers}')
        if not 0 <= self.min_score <= 1:
            raise ValueError(f'--min-score is a score from 0 to 1, not {self.min_score}')
        if not 64 <= self.side <= 2048:
            raise ValueError(f'--side is a number of pixels from 64 to 2048, not {self.side}')
