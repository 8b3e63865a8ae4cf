# Photos of your own in VOC layout: SEAM + PPC, refined by AffinityNet, then a light DeepLab V3+.
_base_ = './affinitynet_deeplab.py'
configs = dict(
    cam='configs/ppc/ppc-seam_mobilenet-v2_5e_voc-layout.py',
    affinity_labels='configs/affinitynet/affinity-labels_voc-layout.py',
    affinitynet='configs/affinitynet/affinitynet_mobilenet-v2_8e_voc-layout.py',
    deeplab='configs/deeplab/deeplab-v3plus_mobilenet-v2_40e_voc-layout.py',
    deeplab_maps='configs/deeplab/deeplab-v3plus_mobilenet-v2_40e_voc-layout-maps.py')
options = dict(pseudo_labels={'model.test_cfg.background_score': .27})  # as in PPC's use
