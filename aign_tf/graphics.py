"""The parts of TensorFlow Graphics in use, imported without its walk through the call stack.

To fill the `__all__` of each of its modules, for star imports that nobody here does, the package
inspects the whole call stack again and again: four of the seven seconds in which a command starts.
"""

from tensorflow_graphics.util import export_api

export_api.get_functions_and_classes = export_api.get_modules = list

from tensorflow_graphics.geometry.transformation import rotation_matrix_3d  # noqa: E402
from tensorflow_graphics.rendering.camera import orthographic, perspective  # noqa: E402

__all__ = ["orthographic", "perspective", "rotation_matrix_3d"]
