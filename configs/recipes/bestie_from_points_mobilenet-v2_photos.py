# As bestie_from_tags_mobilenet-v2_photos.py with given points, the data set's `points_file` (configs/pam/README.md), instead
# of PAM's peaks. The classifier and the semantic maps still learn from tags.
_base_ = ['./irnet_deeplab_mobilenet-v2_photos.py', '../_base_/recipes/bestie.py']
stages = [*_base_.stages, *_base_.bestie_stages]
configs = dict(
    bestie='configs/bestie/bestie-points_mobilenet-v2_20e_photos.py',
    bestie_labels='configs/bestie/bestie-points_mobilenet-v2_20e_photos-labels.py',
    mask_rcnn='configs/mask_rcnn/mask-rcnn_mobilenet-v2_12e_photos.py')
