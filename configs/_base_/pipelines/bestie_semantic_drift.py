# The semantic drift experiment of BESTIE (section 4.3): the same network without guidance, with it, and with refinement too.
# Without guidance the objects that have no pseudo label are learnt as background.
_base_ = './bestie_from_tags.py'
stages = [
    *[dict(stage) for stage in _base_.stages
      if stage['name'] not in ('bestie', 'bestie_labels', 'bestie_evaluation', 'mask_rcnn', 'evaluation')],
    *[dict(stage, name=name, options=dict(stage['options'], **options))
      for stage in _base_.stages if stage['name'] == 'bestie'
      for name, options in (
          ('bestie_without_guidance', {'model.guidance': False, 'custom_hooks.0.begin': 10**9}),
          ('bestie_with_guidance', {'custom_hooks.0.begin': 10**9}),
          ('bestie_with_refinement', {}))],
]
