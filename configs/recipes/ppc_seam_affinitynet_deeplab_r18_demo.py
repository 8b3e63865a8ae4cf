# The demo set: SEAM + PPC, refined by AffinityNet, then DeepLab V2. Nothing is pretrained, so AffinityNet and DeepLab
# start from the classifier's backbone.
_base_ = [
    '../_base_/recipes/affinitynet_deeplab.py', '../_base_/recipes/from_classifier.py', '../_base_/datasets/demo.py'
]
configs = dict(
    cam='configs/ppc/ppc-seam_r18_36e_demo.py',
    affinity_labels='configs/affinitynet/affinity-labels_demo.py',
    affinitynet='configs/affinitynet/affinitynet_r18_20e_demo.py',
    deeplab='configs/deeplab/deeplab-v2_r18_20e_demo.py',
    deeplab_maps='configs/deeplab/deeplab-v2_r18_20e_demo-maps.py')
options = dict(
    pseudo_labels={'model.test_cfg.background_score': .27},  # the background that PPC uses
    affinitynet=_base_.from_classifier,
    deeplab=_base_.from_classifier)
