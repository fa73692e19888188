"""Keeping the directory true to the central registry."""
