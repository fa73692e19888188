"""The hub's own key and those of secret letters: where they lie, how they change."""
