"""What Sail does in silence and differently from Spark, found in a plan before it is sent.

Each check is a module with the condition under which it goes. A check is a function that does no I/O by itself; what
only the engine knows, it asks an :class:`.engine.Engine`. :mod:`.checking` runs them all.
"""
