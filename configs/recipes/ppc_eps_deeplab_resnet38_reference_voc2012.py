# The chain of the PPC paper with EPS on VOC 2012 as published: CAMs are of full size, a dense CRF makes masks of them, and
# PPC's DeepLab V2 starts from ImageNet weights. Its DeepLab V1 (72.3 in the README of the official code, V2 72.6) is
# configs/deeplab/deeplab-v1_r101_20k_voc2012.py.
_base_ = './eps_deeplab_resnet38_reference_voc2012.py'
configs = dict(
    cam='configs/ppc/ppc-eps_resnet38_reference_voc2012.py',
    cam_masks='configs/cam_masks/cam-masks-ppc_voc2012.py',
    deeplab='configs/deeplab/deeplab-v2-ppc_r101_20k_voc2012.py',
    deeplab_maps='configs/deeplab/deeplab-v2-ppc_r101_20k_voc2012-maps.py')
