"""The control plane as a whole: its parts put together, and the session proxy that it keeps running."""
