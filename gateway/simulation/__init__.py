"""Client systems as the field has them, for demo, simulate and tests.

They read and write by literal names, as the real clients do, and import nothing
of ours (an import contract): what they understand, the real ones understand.
"""
