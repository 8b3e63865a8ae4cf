# PPC for schedules of some hundred iterations. Prototypes are made of the network's own class maps: as long as these say
# nothing, the contrast keeps the features from telling classes apart. Its weight rises from 0 while the tags are learnt, and
# they are made of images with the class only (docs/studies/six_classes.md#ablation-of-ppc).
_base_ = './ppc.py'
ppc = dict(contrast_head=dict(loss_contrast=dict(warmup_fraction=1 / 3, prototype_photos='tagged')))
