# The chain of the EPS paper on VOC 2012 as published: images are resized by PIL, CAMs are of full size and taken at .20 without
# a CRF, and DeepLab V2 of three scales starts from COCO weights, which were trained on true masks (see the reference configs).
_base_ = './eps_deeplab_resnet38_voc2012.py'
configs = dict(
    cam='configs/eps/eps_resnet38_reference_voc2012.py',
    deeplab='configs/deeplab/deeplab-v2-eps_r101_20k_voc2012.py',
    deeplab_maps='configs/deeplab/deeplab-v2-eps_r101_20k_voc2012-maps.py')
options = dict(cams={'model.test_cfg.stride': 1})
