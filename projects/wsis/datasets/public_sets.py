"""Where the public data sets of the papers are, and the sums that tell whether a download is whole."""

from dataclasses import dataclass
from pathlib import PurePosixPath

VOC = 'http://host.robots.ox.ac.uk/pascal/VOC/voc2012/'
SBD = 'https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/semantic_contours/'
COCO = 'http://images.cocodataset.org/'


@dataclass(frozen=True)
class Archive:
    """A file to download.

    Attributes:
        url: Where it is.
        md5: Of its bytes.
        folder: Where it is unpacked, below the folder of all data sets.
    """

    url: str
    md5: str
    folder: str = '.'

    @property
    def name(self) -> str:
        """Its file name."""
        return PurePosixPath(self.url).name


# The sums of VOC and SBD are those of torchvision (datasets/voc.py, datasets/sbd.py). COCO publishes none: those of
# 2017 are checked by PaddleDetection (ppdet/utils/download.py), those of the images of 2014 are named by LAVIS
# (lavis/datasets/download_scripts), and that of the annotations of 2014 by COCO's server, as the ETag of the file.
PUBLIC_SETS = dict(
    voc2012=(Archive(f'{VOC}VOCtrainval_11-May-2012.tar', '6cd6e144f989b92b3379bac3b3de84fd'),),
    sbd=(Archive(f'{SBD}benchmark.tgz', '82b4d87ceb2ed10f6038a1cba92111cb'),),
    coco2014=(
        Archive(f'{COCO}annotations/annotations_trainval2014.zip', '0a379cfc70b0e71301e0f377548639bd', 'coco'),
        Archive(f'{COCO}zips/val2014.zip', 'a3d79f5ed8d289b7a7554ce06a5782b3', 'coco'),
        Archive(f'{COCO}zips/train2014.zip', '0da8c0bd3d6becc4dcb32757491aca88', 'coco'),
    ),
    coco2017=(
        Archive(f'{COCO}annotations/annotations_trainval2017.zip', 'f4bbac642086de4f52a3fdda2de5fa2c', 'coco'),
        Archive(f'{COCO}zips/val2017.zip', '442b8da7639aecaf257c1dceb8ba8c80', 'coco'),
        Archive(f'{COCO}zips/train2017.zip', 'cced6f7f71b7629ddf16f17bbcfab6b2', 'coco'),
    ),
)
