"""The version of this package, which packaging and every report read here."""

__version__ = "0.1.0"
