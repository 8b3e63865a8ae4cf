# SEAM + PPC on COCO 2014, refined by AffinityNet, then DeepLab V2.
_base_ = ['../_base_/recipes/affinitynet_deeplab.py', '../_base_/datasets/coco2014.py']
configs = dict(
    cam='configs/ppc/ppc-seam_resnet38_8e_coco2014.py',
    affinity_labels='configs/affinitynet/affinity-labels_coco2014.py',
    affinitynet='configs/affinitynet/affinitynet_resnet38_8e_coco2014.py',
    deeplab='configs/deeplab/deeplab-v2_r101_100k_coco2014.py',
    deeplab_maps='configs/deeplab/deeplab-v2_r101_100k_coco2014-maps.py')
options = dict(pseudo_labels={'model.test_cfg.background_score': .27})  # as in PPC's use
