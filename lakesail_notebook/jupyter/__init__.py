"""What runs inside a Jupyter server: the extension, its settings, its users and kernels, and servers of our own."""
