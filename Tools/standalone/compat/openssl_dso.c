/* OpenSSL's crypto/dso/dso_lib.c, changed to find providers and engines where
 * the system's own OpenSSL keeps them.
 *
 * OpenSSL looks for a module that is named without a path in OPENSSL_MODULES
 * or OPENSSL_ENGINES, or else in one directory that is compiled in.
 * Distributions compile in different directories, so this version uses the
 * first of them that contains the module.  If that module cannot be loaded,
 * this is an error as usual, and no other directory is tried.
 * https://docs.openssl.org/3.5/man7/provider/
 */

#include <string.h>
#include <unistd.h>

/* DSO_merge() makes the path of a module from a name and a directory. */
#define DSO_merge merge_in_one_directory
#include "dso_lib_upstream.c"
#undef DSO_merge

#include "internal/cryptlib.h"

extern char *DSO_merge(DSO *dso, const char *name, const char *directory);

/* The recipe defines SYSTEM_LIBRARIES: "/usr/lib64", ... */
static const char *const libraries[] = { SYSTEM_LIBRARIES };

/* Is *directory* the compiled-in one, because the user named none? */
static int
is_compiled_in(const char *directory)
{
    return (strcmp(directory, ossl_get_modulesdir()) == 0
            && ossl_safe_getenv("OPENSSL_MODULES") == NULL)
        || (strcmp(directory, ossl_get_enginesdir()) == 0
            && ossl_safe_getenv("OPENSSL_ENGINES") == NULL);
}

char *
DSO_merge(DSO *dso, const char *name, const char *directory)
{
    if (directory != NULL && is_compiled_in(directory)) {
        for (size_t i = 0; i < OSSL_NELEM(libraries); i++) {
            char candidate[64];
            BIO_snprintf(candidate, sizeof(candidate), "%s%s", libraries[i],
                         strrchr(directory, '/'));
            char *path = merge_in_one_directory(dso, name, candidate);
            if (path == NULL || access(path, F_OK) == 0) {
                return path;
            }
            OPENSSL_free(path);
        }
    }
    return merge_in_one_directory(dso, name, directory);
}
