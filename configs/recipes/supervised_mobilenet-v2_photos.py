# The light Mask R-CNN trained on true masks of your own photos, for comparison.
_base_ = ['../_base_/recipes/supervised.py', '../_base_/datasets/photos.py']
results_name = 'results_supervised'  # for the work dir of irnet_mobilenet-v2_photos.py
stages = _base_.mask_rcnn_stages
configs = dict(mask_rcnn='configs/mask_rcnn/mask-rcnn_mobilenet-v2_12e_photos-supervised.py')
