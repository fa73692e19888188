"""Letters read by processes of their own: what they get, and how they are kept."""
