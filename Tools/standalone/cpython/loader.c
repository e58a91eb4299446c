/* Make a program of a shared library: the kernel starts a file with the
   dynamic linker that its program header PT_INTERP names.  Linkers write one
   for the content of this section.  LOADER is the path. */

__attribute__((section(".interp"), used, retain))
static const char loader[] = LOADER;
