"""Drawing: pure functions from arrays and tensors to uint8 RGB pictures, and the page that holds them."""

from .colors import distinct_colors, mute_photo
from .displacement import draw_color_wheel, draw_displacement
from .instance_labels import draw_instance_labels, instance_label_page
from .instances import draw_instances, match_colors
from .local_visualizer import WSISLocalVisualizer
from .maps import draw_boundary, draw_boundary_scale, draw_cams, enlarge_map, resize_photo
from .page import Legend, RowTitle, contact_sheet
from .points import draw_points
from .samples import draw_prediction, draw_semantic_map, draw_truth

__all__ = [
    'Legend',
    'RowTitle',
    'WSISLocalVisualizer',
    'contact_sheet',
    'distinct_colors',
    'draw_boundary',
    'draw_boundary_scale',
    'draw_cams',
    'draw_color_wheel',
    'draw_displacement',
    'draw_instance_labels',
    'draw_instances',
    'draw_points',
    'draw_prediction',
    'draw_semantic_map',
    'draw_truth',
    'enlarge_map',
    'instance_label_page',
    'match_colors',
    'mute_photo',
    'resize_photo',
]
