"""The hub: takes letters into custody, moves them, and brings receipts back."""
