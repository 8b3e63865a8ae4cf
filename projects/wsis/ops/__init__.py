"""Pure tensor functions: no registry, no config, no file."""

from .affinity import boundary_to_affinity, path_affinity
from .batch_components import Components, join_components
from .center_settings import CenterSettings
from .centers import find_centers, group_pixels
from .component_instances import Instances, find_instances
from .displacement import cluster_centroids, cluster_displacement, refine_displacement
from .feature_affinity import feature_affinity
from .instance_labels import InstanceLabels, make_instance_labels, make_pseudo_labels
from .instance_readout import read_instances, read_instances_of_points
from .instances import InstanceMap, detect_instances, split_regions
from .label_refinement import refine_labels, refine_labels_with_points
from .non_maximum_suppression import suppress_boxes
from .paths import SearchPath, search_paths
from .peaks import find_peaks
from .random_walk import random_walk, random_walk_from_affinity, random_walk_of_parts
from .roi_align import roi_align
from .strides import find_stride, strided_size, upsample_maps
from .strongest import Strongest, strongest_map

__all__ = [
    'CenterSettings',
    'Components',
    'InstanceLabels',
    'InstanceMap',
    'Instances',
    'SearchPath',
    'Strongest',
    'boundary_to_affinity',
    'cluster_centroids',
    'cluster_displacement',
    'detect_instances',
    'feature_affinity',
    'find_centers',
    'find_instances',
    'find_peaks',
    'find_stride',
    'group_pixels',
    'join_components',
    'make_instance_labels',
    'make_pseudo_labels',
    'path_affinity',
    'random_walk',
    'random_walk_from_affinity',
    'random_walk_of_parts',
    'read_instances',
    'read_instances_of_points',
    'refine_displacement',
    'refine_labels',
    'refine_labels_with_points',
    'roi_align',
    'search_paths',
    'split_regions',
    'strided_size',
    'strongest_map',
    'suppress_boxes',
    'upsample_maps',
]
