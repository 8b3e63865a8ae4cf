# default_runtime.py for segmentors of mmseg.
_base_ = './default_runtime.py'
custom_imports = dict(
    imports=[
        'projects.wsis', 'projects.wsis.models.heads.deeplab_head', 'projects.wsis.models.heads.pyramid_head',
        'projects.wsis.models.heads.separable_aspp_head',
        'projects.wsis.models.segmentors.multi_scale_segmentor', 'projects.wsis.visualization.seg_local_visualizer'
    ],
    allow_failed_imports=False)
default_scope = 'mmseg'
visualizer = dict(type='WSISSegLocalVisualizer')
