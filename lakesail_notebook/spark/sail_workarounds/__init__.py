"""Workarounds for one version of Sail, each with the condition under which it goes."""
