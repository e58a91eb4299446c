/* OpenSSL's crypto/conf/conf_mod.c, with a system's configuration that may
 * hold settings of that system's own OpenSSL.
 *
 * With "config_diagnostics = 1" an error in openssl.cnf makes initialising
 * the library fail, and ssl.SSLContext() with it.  Red Hat sets that beside
 * keys which only its own OpenSSL knows (rh-allow-sha1-signatures), so no
 * other OpenSSL starts there.  Without it, the default, OpenSSL silently leaves
 * the file at the first error and starts with what it has read.
 *
 * So here the setting counts in a file that the user named, which is written
 * for this library and may have to be strict, and not in the system's.
 * https://docs.openssl.org/3.5/man5/config/#openssl-configuration
 */

/* As in conf_mod.c; it has to come before any header of OpenSSL's. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <string.h>
#include <openssl/conf.h>
#include "internal/cryptlib.h"

/* NCONF_get_number_e(), which conf_mod.c calls for that one setting.
   0: there is no such setting. */
static int
get_number_of_user(const CONF *conf, const char *group, const char *name,
                   long *result)
{
    if (strcmp(name, "config_diagnostics") == 0
        && ossl_safe_getenv("OPENSSL_CONF") == NULL)
    {
        return 0;
    }
    return NCONF_get_number_e(conf, group, name, result);
}

#define NCONF_get_number_e get_number_of_user

#include "conf_mod_upstream.c"
