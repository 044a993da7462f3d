"""Triangle meshes as shapes; meshes of shapes, to draw and export on."""
