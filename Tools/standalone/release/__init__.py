"""Work on published archives: respin, sign, relink."""
