# BESTIE on HRNet-W48 on COCO 2014, on the maps of SEAM + PPC, IRNet and DeepLab.
_base_ = ['./ppc_seam_irnet_deeplab_resnet38_coco2014.py', '../_base_/recipes/bestie.py']
stages = [*_base_.stages, *_base_.peak_stages, *_base_.bestie_stages]
configs = dict(
    pam='configs/pam/pam_vgg16_15e_coco2014.py',
    bestie='configs/bestie/bestie_hrnet48_50k_coco2014.py',
    bestie_labels='configs/bestie/bestie_hrnet48_50k_coco2014-labels.py',
    mask_rcnn='configs/mask_rcnn/mask-rcnn_r50_1x_coco2014.py')
options = dict(bestie=_base_.learn_from_peaks)
