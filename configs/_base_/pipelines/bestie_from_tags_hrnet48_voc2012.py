# BESTIE on HRNet-W48 on VOC 2012, on the maps of SEAM + PPC, IRNet and DeepLab.
_base_ = './bestie_from_tags.py'
configs = dict(
    cam='configs/ppc/ppc-seam_resnet38_8e_voc2012.py',
    inter_pixel_labels='configs/irnet/inter-pixel-labels_voc2012.py',
    irnet='configs/irnet/irnet_r50_3e_voc2012.py',
    deeplab='configs/deeplab/deeplab-v2_r101_20k_voc2012.py',
    deeplab_maps='configs/deeplab/deeplab-v2_r101_20k_voc2012-maps.py',
    pam='configs/pam/pam_vgg16_15e_voc2012.py',
    bestie='configs/bestie/bestie_hrnet48_50k_voc2012.py',
    bestie_labels='configs/bestie/bestie_hrnet48_50k_voc2012-labels.py',
    mask_rcnn='configs/mask_rcnn/mask-rcnn_r50_1x_voc2012.py')
