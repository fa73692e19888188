"""The standard, as data. Knows XML Schema; knows nothing of us."""
