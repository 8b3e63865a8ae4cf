# The first stages of recipes: a classifier and its CAMs. `cam` is the config of any classifier (CAM, SEAM or EPS, with PPC or
# without).
classifier_stages = [
    dict(name='classifier', action='train', config='cam', number='multi_label/mAP'),
    dict(name='cams', action='predict', config='cam', checkpoint='classifier', number='seed/mIoU'),
]
