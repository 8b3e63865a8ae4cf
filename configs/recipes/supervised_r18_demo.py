# The demo's detector trained on the true masks, for comparison: same config and same classifier (skipped if it exists already).
_base_ = [
    '../_base_/recipes/classifier.py', '../_base_/recipes/supervised.py', '../_base_/recipes/from_classifier.py',
    '../_base_/datasets/demo.py'
]
results_name = 'results_supervised'  # this recipe shares its work dir with irnet_r18_demo.py
stages = [_base_.classifier_stages[0], *_base_.mask_rcnn_stages]
configs = dict(
    cam='configs/cam/cam_r18_36e_demo.py', mask_rcnn='configs/mask_rcnn/mask-rcnn_r18_6e_demo-supervised.py')
options = dict(mask_rcnn_supervised=_base_.from_classifier)
