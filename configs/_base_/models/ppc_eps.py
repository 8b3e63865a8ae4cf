# Adds PPC to EPS: `model = _base_.ppc`. The shares of a class are scaled to their maximum in every image, whether the class is in
# it or not, so prototypes are made of the images with the class (docs/studies/ppc.md).
_base_ = './ppc.py'
ppc = dict(contrast_head=dict(loss_contrast=dict(prototype_photos='tagged')))
