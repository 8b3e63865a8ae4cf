# BESTIE on HRNet-W48 on VOC 2012, on the maps of SEAM + PPC, IRNet and DeepLab.
_base_ = ['./irnet_deeplab_r50_voc2012.py', '../_base_/recipes/bestie.py']
stages = [*_base_.stages, *_base_.peak_stages, *_base_.bestie_stages]
configs = dict(
    cam='configs/ppc/ppc-seam_resnet38_8e_voc2012.py',
    pam='configs/pam/pam_vgg16_15e_voc2012.py',
    bestie='configs/bestie/bestie_hrnet48_50k_voc2012.py',
    bestie_labels='configs/bestie/bestie_hrnet48_50k_voc2012-labels.py',
    mask_rcnn='configs/mask_rcnn/mask-rcnn_r50_1x_voc2012.py')
options = dict(bestie=_base_.learn_from_peaks)
