"""Handing over to other systems, where the hub is the client."""
