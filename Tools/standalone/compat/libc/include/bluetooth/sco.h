/* https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/include/net/bluetooth/sco.h */

#ifndef STANDALONE_BLUETOOTH_SCO_H
#define STANDALONE_BLUETOOTH_SCO_H

#include <bluetooth/bluetooth.h>

struct sockaddr_sco {
    sa_family_t sco_family;
    bdaddr_t sco_bdaddr;
};

#endif
