# From tags to a detector by BESTIE: classifier -> CAMs -> IRNet -> DeepLab -> WSSS maps, PAM -> peaks, and of both
# BESTIE -> labels -> Mask R-CNN. `cam` is the config of the classifier, whichever it is.
_base_ = ['./irnet_deeplab.py', './bestie.py']
stages = [
    *[dict(stage) for stage in _base_.stages],
    dict(name='peak_classifier', action='train', config='pam', number='multi_label/mAP'),
    dict(name='peaks', action='predict', config='pam', checkpoint='peak_classifier', number='peak/single'),
    *[dict(stage, options=dict(stage['options'], **{'train_dataloader.dataset.points_file': '{peaks}/peaks.json'}))
      for stage in _base_.bestie_stages if stage['name'] == 'bestie'],
    *[dict(stage) for stage in _base_.bestie_stages if stage['name'] != 'bestie'],
]
