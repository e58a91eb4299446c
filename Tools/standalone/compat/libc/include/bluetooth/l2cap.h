/* https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/include/net/bluetooth/l2cap.h */

#ifndef STANDALONE_BLUETOOTH_L2CAP_H
#define STANDALONE_BLUETOOTH_L2CAP_H

#include <bluetooth/bluetooth.h>

struct sockaddr_l2 {
    sa_family_t l2_family;
    unsigned short l2_psm;       /* little-endian, like l2_cid */
    bdaddr_t l2_bdaddr;
    unsigned short l2_cid;
    uint8_t l2_bdaddr_type;
};

/* setsockopt() at the level SOL_L2CAP */
#define L2CAP_LM 3
#define L2CAP_LM_MASTER 0x0001
#define L2CAP_LM_AUTH 0x0002
#define L2CAP_LM_ENCRYPT 0x0004
#define L2CAP_LM_TRUSTED 0x0008
#define L2CAP_LM_RELIABLE 0x0010
#define L2CAP_LM_SECURE 0x0020

#endif
