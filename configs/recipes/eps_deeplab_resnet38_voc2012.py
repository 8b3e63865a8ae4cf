# EPS on VOC 2012, its CAMs at background .20, then DeepLab V2 from ImageNet weights. The saliency maps come from a saliency
# model (configs/eps/README.md).
_base_ = ['../_base_/recipes/cam_masks_deeplab.py', '../_base_/datasets/voc2012.py']
configs = dict(
    cam='configs/eps/eps_resnet38_20k_voc2012.py',
    cam_masks='configs/cam_masks/cam-masks_voc2012.py',
    deeplab='configs/deeplab/deeplab-v2_r101_20k_voc2012.py',
    deeplab_maps='configs/deeplab/deeplab-v2_r101_20k_voc2012-maps.py')
