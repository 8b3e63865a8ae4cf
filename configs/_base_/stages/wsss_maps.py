# WSSS maps: the predictions of DeepLab on its training images, restricted to background and the tags of each image. The
# configs named *-maps.py build their `test_dataloader` and `test_evaluator` from this.
wsss_map_evaluator = [dict(type='SemanticMaskWriter'), dict(type='SemanticIoUMetric')]
wsss_map_dataset = dict(
    mode='pseudo_label', with_masks=True, test_mode=True, filter_cfg=dict(filter_empty_tags=True))
