# The chain of irnet.py with the paper's ablation: pseudo labels without displacement, and without displacement and boundary.
_base_ = './irnet.py'
pseudo_labels_cam = dict(
    _base_.pseudo_labels,
    name='pseudo_labels_cam',
    options={**_base_.read_cams, 'model.test_cfg.boundary': False, 'model.test_cfg.displacement': False})
pseudo_labels_boundary = dict(
    _base_.pseudo_labels,
    name='pseudo_labels_boundary',
    options={**_base_.read_cams, 'model.test_cfg.displacement': False})
stages = [
    *_base_.irnet_stages,
    pseudo_labels_cam,
    pseudo_labels_boundary,
    _base_.pseudo_labels,
    *_base_.detector_stages,
    dict(_base_.pictures, arguments=[*_base_.pictures.arguments, '--boundary-labels', '{pseudo_labels_boundary}']),
]
