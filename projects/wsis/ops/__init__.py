"""Pure tensor functions: no registry, no config, no file."""

from .affinity import boundary_to_affinity, path_affinity
from .centers import find_centers, group_pixels
from .displacement import cluster_centroids, cluster_displacement, refine_displacement
from .feature_affinity import feature_affinity
from .instances import InstanceMap, detect_instances, split_regions
from .paths import SearchPath, search_paths
from .peaks import find_peaks
from .random_walk import random_walk, random_walk_from_affinity
from .strides import find_stride, strided_size, upsample_maps
from .strongest import strongest_map

__all__ = [
    'InstanceMap',
    'SearchPath',
    'boundary_to_affinity',
    'cluster_centroids',
    'cluster_displacement',
    'detect_instances',
    'feature_affinity',
    'find_centers',
    'find_peaks',
    'find_stride',
    'group_pixels',
    'path_affinity',
    'random_walk',
    'random_walk_from_affinity',
    'refine_displacement',
    'search_paths',
    'split_regions',
    'strided_size',
    'strongest_map',
    'upsample_maps',
]
