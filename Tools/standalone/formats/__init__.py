"""Read and write file formats, without knowledge of a build."""
