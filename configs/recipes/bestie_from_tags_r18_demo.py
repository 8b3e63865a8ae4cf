# The demo set: BESTIE from tags. All networks but the classifiers start from the classifier's backbone.
_base_ = ['./irnet_deeplab_r18_demo.py', '../_base_/recipes/bestie.py']
stages = [*_base_.stages, *_base_.peak_stages, *_base_.bestie_stages]
configs = dict(
    pam='configs/pam/pam_r18_36e_demo.py',
    bestie='configs/bestie/bestie_r18_18e_demo.py',
    bestie_labels='configs/bestie/bestie_r18_18e_demo-labels.py',
    mask_rcnn='configs/mask_rcnn/mask-rcnn_r18_6e_demo.py')
options = dict(
    bestie={**_base_.from_classifier, **_base_.learn_from_peaks}, mask_rcnn=_base_.from_classifier)
