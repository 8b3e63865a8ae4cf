# Your own photos: classical saliency maps, EPS, its CAMs at background .20, then a light DeepLab V3+.
_base_ = [
    '../_base_/recipes/cam_masks_deeplab.py', '../_base_/recipes/saliency.py', '../_base_/datasets/photos.py'
]
configs = dict(
    cam='configs/eps/eps_mobilenet-v2_5e_photos.py',
    cam_masks='configs/cam_masks/cam-masks_photos.py',
    deeplab='configs/deeplab/deeplab-v3plus_mobilenet-v2_40e_photos.py',
    deeplab_maps='configs/deeplab/deeplab-v3plus_mobilenet-v2_40e_photos-maps.py')
stages = [_base_.saliency_stage, *_base_.stages]
options = dict(classifier=_base_.learn_from_saliency)
