"""marimo: whose code runs in its kernels, and what is shown there. It is loaded where a marimo kernel runs."""
