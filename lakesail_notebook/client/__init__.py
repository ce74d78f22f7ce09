"""Calls of the workloads API, from a kernel, a script or the command line."""
