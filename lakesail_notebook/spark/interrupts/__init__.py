"""Stopping queries, and saying whether the engine obeyed."""
