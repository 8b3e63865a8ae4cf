# The demo set: classical saliency maps, EPS, its CAMs at background .20, then DeepLab V2. Nothing is pretrained, so DeepLab
# starts from the classifier's backbone.
_base_ = [
    '../_base_/recipes/cam_masks_deeplab.py', '../_base_/recipes/from_classifier.py', '../_base_/recipes/saliency.py',
    '../_base_/datasets/demo.py'
]
configs = dict(
    cam='configs/eps/eps_r18_36e_demo.py',
    cam_masks='configs/cam_masks/cam-masks_demo.py',
    deeplab='configs/deeplab/deeplab-v2_r18_20e_demo.py',
    deeplab_maps='configs/deeplab/deeplab-v2_r18_20e_demo-maps.py')
stages = [_base_.saliency_stage, *_base_.stages]
options = dict(classifier=_base_.learn_from_saliency, deeplab=_base_.from_classifier)
