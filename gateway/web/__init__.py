"""The SOAP door, and the hub's health."""
