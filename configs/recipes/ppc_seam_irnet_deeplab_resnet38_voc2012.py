# SEAM + PPC on VOC 2012, refined by IRNet, then DeepLab V1 on ResNet-38.
_base_ = ['../_base_/recipes/irnet_deeplab.py', '../_base_/datasets/voc2012.py']
configs = dict(
    cam='configs/ppc/ppc-seam_resnet38_8e_voc2012.py',
    inter_pixel_labels='configs/irnet/inter-pixel-labels_voc2012.py',
    irnet='configs/irnet/irnet_r50_3e_voc2012.py',
    deeplab='configs/deeplab/deeplab-v1_resnet38_20k_voc2012.py',
    deeplab_maps='configs/deeplab/deeplab-v1_resnet38_20k_voc2012-maps.py')
