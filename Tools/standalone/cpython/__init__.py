"""Edit, configure and build CPython's tree."""
