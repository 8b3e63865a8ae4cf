# Your own photos: saliency maps, EPS + PPC, refined by IRNet, then a light Mask R-CNN. The maps are classical ones; those
# of a model are better: `--cfg-options saliency.model=u2netp.onnx` (configs/eps/README.md).
_base_ = ['./irnet_mobilenet-v2_photos.py', '../_base_/recipes/saliency.py']
configs = dict(cam='configs/ppc/ppc-eps_mobilenet-v2_5e_photos.py')
stages = [_base_.saliency_stage, *_base_.stages]
options = dict(classifier=_base_.learn_from_saliency)
