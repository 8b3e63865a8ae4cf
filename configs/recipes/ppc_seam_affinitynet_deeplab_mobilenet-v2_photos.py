# Your own photos: SEAM + PPC, refined by AffinityNet, then a light DeepLab V3+.
_base_ = ['../_base_/recipes/affinitynet_deeplab.py', '../_base_/datasets/photos.py']
configs = dict(
    cam='configs/ppc/ppc-seam_mobilenet-v2_5e_photos.py',
    affinity_labels='configs/affinitynet/affinity-labels_photos.py',
    affinitynet='configs/affinitynet/affinitynet_mobilenet-v2_8e_photos.py',
    deeplab='configs/deeplab/deeplab-v3plus_mobilenet-v2_40e_photos.py',
    deeplab_maps='configs/deeplab/deeplab-v3plus_mobilenet-v2_40e_photos-maps.py')
options = dict(pseudo_labels={'model.test_cfg.background_score': .27})  # the background that PPC uses
