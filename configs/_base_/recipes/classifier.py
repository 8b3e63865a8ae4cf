# The first stages of recipes: any classifier, and its CAMs. `cam` is the config of the classifier, whichever it is (CAM, SEAM,
# EPS, with PPC or without).
classifier_stages = [
    dict(name='classifier', action='train', config='cam', number='multi_label/mAP'),
    dict(name='cams', action='predict', config='cam', checkpoint='classifier', number='seed/mIoU'),
]
