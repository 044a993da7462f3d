"""The verbs of the command line, a file each that ends in its registration; all are imported here."""

import importlib
import pkgutil

for _file in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_file.name}")
