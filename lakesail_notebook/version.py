"""The version of the wheel and of the npm packages: they are released together."""

__version__ = "0.1.0"
