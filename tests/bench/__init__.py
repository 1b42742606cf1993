"""How long a diagnosis takes beside the way by hand. It records; it fails nothing."""
