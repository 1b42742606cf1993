"""The content on disk (YAML that an SRE can change) made into the values of the core."""
