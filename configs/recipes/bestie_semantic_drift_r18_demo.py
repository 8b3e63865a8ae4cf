# The semantic drift experiment of BESTIE (section 4.3) on the demo set. Besides the network of bestie_from_tags_r18_demo.py
# (stage `bestie`, with guidance and refinement) it trains one with guidance only and one without. Without guidance, objects
# that have no pseudo label are learnt as background.
_base_ = './bestie_from_tags_r18_demo.py'
results_name = 'results_semantic_drift'  # this recipe shares its work dir with bestie_from_tags_r18_demo.py
stages = [
    *_base_.stages,
    *[dict(stage, name=name, options=dict(stage['options'], **_base_.options.bestie, **options))
      for stage in _base_.stages if stage['name'] == 'bestie'
      for name, options in (
          ('bestie_with_guidance', {'custom_hooks.0.begin': 10**9}),
          ('bestie_without_guidance', {'model.guidance': False, 'custom_hooks.0.begin': 10**9}))],
]
skip = ['bestie_labels', 'bestie_evaluation', 'mask_rcnn', 'evaluation']
