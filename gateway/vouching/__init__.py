"""Who vouches for the certificates of organizations: authorities and their lists."""
