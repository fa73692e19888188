"""Moving opaque messages. Knows nothing of letters."""
