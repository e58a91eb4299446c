/* OpenSSL's crypto/conf/conf_mod.c, changed to tolerate a system's openssl.cnf
 * that was written for the system's own OpenSSL.
 *
 * With "config_diagnostics = 1", an error in openssl.cnf makes the
 * initialisation of the library fail, and ssl.SSLContext() with it.  Red Hat
 * combines the setting with keys that only its own OpenSSL knows
 * (rh-allow-sha1-signatures), so no other OpenSSL starts there.  Without it,
 * OpenSSL silently stops at the first error and uses what it has read.
 *
 * Therefore ignore the setting in the system's file, but respect it in a file
 * that the user names, which is meant for this library and may be strict.
 * https://docs.openssl.org/3.5/man5/config/#openssl-configuration
 */

/* conf_mod.c defines this too; it has to precede all headers of OpenSSL. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <string.h>
#include <openssl/conf.h>
#include "internal/cryptlib.h"

/* Replace NCONF_get_number_e(), which conf_mod.c calls only for that setting.
   Return 0 if the setting does not exist. */
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
