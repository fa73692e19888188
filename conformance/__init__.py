"""Would another gateway be right? Knows only the standard."""
