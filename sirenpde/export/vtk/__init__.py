"""What VTK knows: arrays with named components, cells, image data, and their XML files, written piece by piece."""
