# Decoders with a quarter of BESTIE's channels, for small networks and short schedules: the paper's momentum of .01 and its
# initial weights of .001 suit its 50k iterations.
bestie_narrow_head = dict(
    semantic_channels=64, instance_channels=64, pyramid_channels=64, norm_cfg=dict(type='BN'))
