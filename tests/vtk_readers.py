"""Files read back by VTK's own readers: points, cells, values, names of components, active arrays, facts, times."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyvista
import vtk
from vtk.util.numpy_support import vtk_to_numpy


@dataclass(frozen=True)
class Read:
    """What a reader found, at one time."""

    data: Any  # VTK's own object

    @property
    def kind(self):
        return self.data.GetClassName().removeprefix("vtk")

    @property
    def points(self):
        if self.kind == "ImageData":
            return vtk_to_numpy(pyvista.wrap(self.data).cast_to_unstructured_grid().GetPoints().GetData())
        return vtk_to_numpy(self.data.GetPoints().GetData())

    @property
    def names(self):
        arrays = self.data.GetPointData()
        return [arrays.GetArrayName(i) for i in range(arrays.GetNumberOfArrays())]

    def __getitem__(self, name):
        return vtk_to_numpy(self.data.GetPointData().GetArray(name))

    def components(self, name):
        array = self.data.GetPointData().GetArray(name)
        return [array.GetComponentName(i) for i in range(array.GetNumberOfComponents())]

    @property
    def active(self):
        found = {
            role: getattr(self.data.GetPointData(), f"Get{role}")()
            for role in ("Scalars", "Vectors", "Tensors")
        }
        return {role: array.GetName() for role, array in found.items() if array is not None}

    @property
    def facts(self):
        """The field data; a text may be the name of its array's component."""
        fields = self.data.GetFieldData()
        arrays = [fields.GetAbstractArray(i) for i in range(fields.GetNumberOfArrays())]
        return {array.GetName(): array.GetComponentName(0) or array.GetValue(0) for array in arrays}

    @property
    def size(self):
        """The lengths, areas or volumes of all cells, added; each must be positive."""
        measure = vtk.vtkCellSizeFilter()
        measure.SetInputData(self.data)
        measure.Update()
        cells = measure.GetOutput().GetCellData()
        sizes = sum(vtk_to_numpy(cells.GetArray(name)) for name in ("Length", "Area", "Volume"))
        assert (sizes > 0).all()
        return sizes.sum()


_READERS = {
    ".vtu": vtk.vtkXMLUnstructuredGridReader,
    ".vti": vtk.vtkXMLImageDataReader,
    ".vtkhdf": vtk.vtkHDFReader,
    ".xdmf": vtk.vtkXdmfReader,
    ".ply": vtk.vtkPLYReader,
    ".stl": vtk.vtkSTLReader,
    ".obj": vtk.vtkOBJReader,
}


def read(path):
    """A file of one time."""
    ((_, found),) = read_all(path)
    return found


def read_all(path):
    """Every time of a file, None where it has none, with what it holds then."""
    if Path(path).suffix == ".pvd":
        sets = ElementTree.parse(path).getroot().findall("Collection/DataSet")
        return [(float(s.get("timestep")), read(Path(path).parent / s.get("file"))) for s in sets]
    reader = _READERS[Path(path).suffix]()
    problems = []
    for source in (reader, reader.GetExecutive()):
        source.AddObserver("ErrorEvent", lambda *said: problems.append(said[-1]))
        source.AddObserver("WarningEvent", lambda *said: problems.append(said[-1]))
    reader.SetFileName(str(path))
    reader.UpdateInformation()
    times = reader.GetOutputInformation(0).Get(vtk.vtkStreamingDemandDrivenPipeline.TIME_STEPS())
    found = []
    for time in times or (None,):
        reader.Update() if time is None else reader.UpdateTimeStep(time)
        whole = reader.GetOutputDataObject(0)
        data = whole.NewInstance()
        data.DeepCopy(whole)
        found.append((time, Read(data)))
    assert not problems, problems
    return found
