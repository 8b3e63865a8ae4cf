# The demo's pipeline on the tiny configs, up to the pseudo labels.
_base_ = '../../configs/recipes/irnet_r18_demo.py'
configs = dict(
    cam='tests/tiny_chain/tiny_cam.py',
    inter_pixel_labels='tests/tiny_chain/tiny_inter_pixel_labels.py',
    irnet='tests/tiny_chain/tiny_irnet.py',
)
options = dict(_delete_=True, irnet={'model.backbone.init_cfg.checkpoint': '{classifier.checkpoint}'})
skip = ['pseudo_labels_cam', 'pseudo_labels_boundary', 'mask_rcnn', 'evaluation', 'pictures']
