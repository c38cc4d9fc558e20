"""todoke (届け): forms for static sites that tell the truth about every mail they cause."""

__version__ = "0.1.0"
