/* The kernel's Bluetooth interface, for which the kernel has no headers for
   programs.  The usual headers belong to BlueZ and are under the GPL.  These
   contain only numbers and layouts, as defined by the kernel:
   https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/include/net/bluetooth/bluetooth.h */

#ifndef STANDALONE_BLUETOOTH_H
#define STANDALONE_BLUETOOTH_H

#include <stdint.h>
#include <sys/socket.h>

typedef struct {
    uint8_t b[6];
} __attribute__((packed)) bdaddr_t;

/* socket() */
#define BTPROTO_L2CAP 0
#define BTPROTO_HCI 1
#define BTPROTO_SCO 2
#define BTPROTO_RFCOMM 3

/* Kinds of address */
#define BDADDR_BREDR 0
#define BDADDR_LE_PUBLIC 1
#define BDADDR_LE_RANDOM 2

/* setsockopt(): levels */
#define SOL_HCI 0
#define SOL_L2CAP 6
#define SOL_SCO 17
#define SOL_RFCOMM 18
#ifndef SOL_BLUETOOTH
#define SOL_BLUETOOTH 274
#endif

/* Options at the level SOL_BLUETOOTH, each followed by its values */
#define BT_SECURITY 4
#define BT_SECURITY_SDP 0
#define BT_SECURITY_LOW 1
#define BT_SECURITY_MEDIUM 2
#define BT_SECURITY_HIGH 3
#define BT_SECURITY_FIPS 4

#define BT_DEFER_SETUP 7

#define BT_FLUSHABLE 8
#define BT_FLUSHABLE_OFF 0
#define BT_FLUSHABLE_ON 1

#define BT_POWER 9
#define BT_POWER_FORCE_ACTIVE_OFF 0
#define BT_POWER_FORCE_ACTIVE_ON 1

#define BT_CHANNEL_POLICY 10
#define BT_CHANNEL_POLICY_BREDR_ONLY 0
#define BT_CHANNEL_POLICY_BREDR_PREFERRED 1
#define BT_CHANNEL_POLICY_AMP_PREFERRED 2

#define BT_VOICE 11
#define BT_VOICE_TRANSPARENT 0x0003
#define BT_VOICE_TRANSPARENT_16BIT 0x0063
#define BT_VOICE_CVSD_16BIT 0x0060

#define BT_SNDMTU 12
#define BT_RCVMTU 13

#define BT_PHY 14
#define BT_PHY_BR_1M_1SLOT 0x00000001
#define BT_PHY_BR_1M_3SLOT 0x00000002
#define BT_PHY_BR_1M_5SLOT 0x00000004
#define BT_PHY_EDR_2M_1SLOT 0x00000008
#define BT_PHY_EDR_2M_3SLOT 0x00000010
#define BT_PHY_EDR_2M_5SLOT 0x00000020
#define BT_PHY_EDR_3M_1SLOT 0x00000040
#define BT_PHY_EDR_3M_3SLOT 0x00000080
#define BT_PHY_EDR_3M_5SLOT 0x00000100
#define BT_PHY_LE_1M_TX 0x00000200
#define BT_PHY_LE_1M_RX 0x00000400
#define BT_PHY_LE_2M_TX 0x00000800
#define BT_PHY_LE_2M_RX 0x00001000
#define BT_PHY_LE_CODED_TX 0x00002000
#define BT_PHY_LE_CODED_RX 0x00004000

#define BT_MODE 15
#define BT_MODE_BASIC 0
#define BT_MODE_ERTM 1
#define BT_MODE_STREAMING 2
#define BT_MODE_LE_FLOWCTL 3
#define BT_MODE_EXT_FLOWCTL 4

#define BT_PKT_STATUS 16
#define BT_ISO_QOS 17
#define BT_CODEC 19

#endif
