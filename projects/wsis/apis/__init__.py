"""What a user calls: reading a config, training and testing one stage on the machine at hand."""
