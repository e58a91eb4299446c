"""Write the documents that describe a build: licences, SBOM, PYTHON.json."""
