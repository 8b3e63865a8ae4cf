"""What tests of label mining share: one photo through a transform, and a photo with a square on it."""

import numpy as np

BLANK = np.zeros((2, 3, 3), np.uint8)


def mine(transform, cams, labels, image=BLANK):
    """Return the labels that a transform mines from CAMs (K, h, w) of classes."""
    results = dict(img=image, cams=np.array(cams, np.float32), cam_labels=np.array(labels))
    return transform.transform(results)['inter_pixel_labels']


def square_photo():
    """A bright square on a dark ground, both a little noisy, and its true mask."""
    mask = np.zeros((40, 48), bool)
    mask[10:30, 12:34] = True
    noise = np.random.default_rng(0).integers(0, 12, (40, 48, 3))
    return (np.where(mask[..., None], (220, 190, 60), (20, 40, 30)) + noise).astype(np.uint8), mask
