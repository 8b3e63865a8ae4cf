# default_runtime.py for segmentors of mmseg.
_base_ = './default_runtime.py'
custom_imports = dict(
    imports=['projects.wsis', 'projects.wsis.models.heads.deeplab_head'], allow_failed_imports=False)
default_scope = 'mmseg'
