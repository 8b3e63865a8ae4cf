# WSSS maps by DeepLab, its predictions on the photos it was trained on, out of background and the tags of each: what a maps
# config makes of its `test_dataloader` and `test_evaluator`.
wsss_map_evaluator = [dict(type='SemanticMaskWriter'), dict(type='SemanticIoUMetric')]
wsss_map_dataset = dict(
    mode='pseudo_label', with_masks=True, test_mode=True, filter_cfg=dict(filter_empty_tags=True))
