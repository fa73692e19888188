"""The language of the exchange. Pure: bytes in, values out, no waiting."""
