# The chain of the PPC paper on VOC 2012: SEAM + PPC, refined by AffinityNet, then DeepLab V1 on ResNet-38.
_base_ = ['../_base_/recipes/affinitynet_deeplab.py', '../_base_/datasets/voc2012.py']
configs = dict(
    cam='configs/ppc/ppc-seam_resnet38_8e_voc2012.py',
    affinity_labels='configs/affinitynet/affinity-labels-ppc_voc2012.py',
    affinitynet='configs/affinitynet/affinitynet_resnet38_8e_voc2012.py',
    deeplab='configs/deeplab/deeplab-v1_resnet38_20k_voc2012.py',
    deeplab_maps='configs/deeplab/deeplab-v1_resnet38_20k_voc2012-maps.py')
options = dict(pseudo_labels={'model.test_cfg.background_score': .27})  # the background that PPC uses
