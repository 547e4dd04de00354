"""The doorway to Temporal: connection and plugin, codec, recorded events and their relay."""
