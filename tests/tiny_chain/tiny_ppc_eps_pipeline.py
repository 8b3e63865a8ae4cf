# The demo's pipeline saliency -> EPS + PPC -> IRNet -> DeepLab on the tiny configs.
_base_ = '../../configs/recipes/ppc_eps_irnet_deeplab_r18_demo.py'
configs = dict(
    cam='tests/tiny_chain/tiny_ppc_eps.py',
    inter_pixel_labels='tests/tiny_chain/tiny_inter_pixel_labels.py',
    irnet='tests/tiny_chain/tiny_irnet.py',
    deeplab='tests/tiny_chain/tiny_deeplab.py',
    deeplab_maps='tests/tiny_chain/tiny_deeplab_maps.py',
)
