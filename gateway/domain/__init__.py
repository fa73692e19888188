"""What is true of letters in custody. Pure."""
