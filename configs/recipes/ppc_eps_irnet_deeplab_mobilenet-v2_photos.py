# Your own photos: classical saliency maps, EPS + PPC, refined by IRNet, then a light DeepLab V3+.
_base_ = ['./irnet_deeplab_mobilenet-v2_photos.py', '../_base_/recipes/saliency.py']
configs = dict(cam='configs/ppc/ppc-eps_mobilenet-v2_5e_photos.py')
stages = [_base_.saliency_stage, *_base_.stages]
options = dict(classifier=_base_.learn_from_saliency)
