/* https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/include/net/bluetooth/hci_sock.h */

#ifndef STANDALONE_BLUETOOTH_HCI_H
#define STANDALONE_BLUETOOTH_HCI_H

#include <bluetooth/bluetooth.h>

struct sockaddr_hci {
    sa_family_t hci_family;
    unsigned short hci_dev;
    unsigned short hci_channel;
};

#define HCI_DEV_NONE 0xffff

#define HCI_CHANNEL_RAW 0
#define HCI_CHANNEL_USER 1
#define HCI_CHANNEL_MONITOR 2
#define HCI_CHANNEL_CONTROL 3
#define HCI_CHANNEL_LOGGING 4

/* setsockopt() at the level SOL_HCI */
#define HCI_DATA_DIR 1
#define HCI_FILTER 2
#define HCI_TIME_STAMP 3

#endif
