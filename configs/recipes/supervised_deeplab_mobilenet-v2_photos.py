# The light DeepLab trained on true masks of your own photos, for comparison.
_base_ = ['../_base_/recipes/supervised.py', '../_base_/datasets/photos.py']
results_name = 'results_supervised_deeplab'  # for the work dir of irnet_deeplab_mobilenet-v2_photos.py
stages = _base_.deeplab_stages
configs = dict(deeplab='configs/deeplab/deeplab-v3plus_mobilenet-v2_40e_photos-supervised.py')
