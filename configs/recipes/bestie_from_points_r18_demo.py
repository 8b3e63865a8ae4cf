# As bestie_from_tags_r18_demo.py with given points, the data set's `points_file` (configs/pam/README.md), instead
# of PAM's peaks. The classifier and the semantic maps still learn from tags.
_base_ = ['./irnet_deeplab_r18_demo.py', '../_base_/recipes/bestie.py']
stages = [*_base_.stages, *_base_.bestie_stages]
configs = dict(
    bestie='configs/bestie/bestie-points_r18_18e_demo.py',
    bestie_labels='configs/bestie/bestie-points_r18_18e_demo-labels.py',
    mask_rcnn='configs/mask_rcnn/mask-rcnn_r18_6e_demo.py')
options = dict(bestie=_base_.from_classifier, mask_rcnn=_base_.from_classifier)
