"""SQL text: its tokens, its statements, and the Python values bound to it."""
