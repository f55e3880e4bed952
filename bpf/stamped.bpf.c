// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * The receiver with the card's time in its records: bound to one interface, whose driver it asks for it.
 * An object of its own, so that the other one neither pays for the question nor has libbpf look for it
 * in the kernel's BTF.
 */
#define CP_HARDWARE_TIME
#include "receive.bpf.c"
