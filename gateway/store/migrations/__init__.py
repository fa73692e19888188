"""Numbered migrations; each says whether it runs before or after the deploy."""
