// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * The least that gives plain datagrams a header on the way out (wrap) and takes it away on the way in (unwrap): hard-wired, UDP over
 * IPv4 without options or tags, the checksum left to a device. It looks at nothing that may be wrong, counts nothing and gives nothing
 * to a reader. What datagrams take with it is what moving their payload takes, in the way that leaves a later device its checksum.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define PORT 9000
#define MAX_DATA 2048
#define PAYLOAD (sizeof(struct ethhdr) + sizeof(struct iphdr) + sizeof(struct udphdr))
#define MAGIC 0xcafe

struct message {
	__be16 magic;
	__u8 version;
	__u8 type;
	__be16 length;
	__u8 data[MAX_DATA];
};

#define HEADER_SIZE __builtin_offsetof(struct message, data)

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct message);
} messages SEC(".maps");

static __always_inline struct udphdr *find(struct __sk_buff *packet, struct iphdr **ip)
{
	struct ethhdr *ethernet = (void *)(long)packet->data;
	struct udphdr *udp;

	*ip = (void *)(ethernet + 1);
	udp = (void *)(*ip + 1);
	if ((void *)(udp + 1) > (void *)(long)packet->data_end ||
	    ethernet->h_proto != bpf_htons(ETH_P_IP) || (*ip)->protocol != IPPROTO_UDP ||
	    udp->dest != bpf_htons(PORT))
		return NULL;
	return udp;
}

static __always_inline __u16 add(__u16 sum, __u16 word)
{
	__u32 both = (__u32)sum + word;

	return both + (both >> 16);
}

static __always_inline void lengthen(struct __sk_buff *packet, __s16 change)
{
	struct iphdr *ip;
	struct udphdr *udp = find(packet, &ip);
	__be16 length = bpf_htons(change);

	if (!udp)
		return;
	/* In one's complement, -6 is ~6. */
	if (change < 0)
		length = ~bpf_htons(-change);
	ip->tot_len = bpf_htons(bpf_ntohs(ip->tot_len) + change);
	ip->check = ~add(~ip->check, length);
	udp->len = bpf_htons(bpf_ntohs(udp->len) + change);
	udp->check = add(udp->check, length);
}

SEC("tc")
int wrap(struct __sk_buff *packet)
{
	const __u32 zero = 0;
	struct message *message = bpf_map_lookup_elem(&messages, &zero);
	struct iphdr *ip;
	struct udphdr *udp = find(packet, &ip);
	__u32 size;

	if (!udp || !message)
		return TC_ACT_OK;
	size = bpf_ntohs(udp->len) - sizeof(*udp);
	if (size == 0 || size > MAX_DATA || bpf_skb_load_bytes(packet, PAYLOAD, message->data, size))
		return TC_ACT_OK;
	message->magic = bpf_htons(MAGIC);
	message->version = 1;
	message->type = 1;
	message->length = bpf_htons(size);
	if (bpf_skb_change_tail(packet, packet->len + HEADER_SIZE, 0) ||
	    bpf_skb_store_bytes(packet, PAYLOAD, message, HEADER_SIZE + size, 0))
		return TC_ACT_SHOT;
	lengthen(packet, HEADER_SIZE);
	return TC_ACT_OK;
}

SEC("tc")
int unwrap(struct __sk_buff *packet)
{
	const __u32 zero = 0;
	struct message *message = bpf_map_lookup_elem(&messages, &zero);
	struct iphdr *ip;
	struct udphdr *udp = find(packet, &ip);
	__u32 size;

	if (!udp || !message)
		return TC_ACT_OK;
	size = bpf_ntohs(udp->len) - sizeof(*udp) - HEADER_SIZE;
	if (size == 0 || size > MAX_DATA ||
	    bpf_skb_load_bytes(packet, PAYLOAD, message, HEADER_SIZE + size) ||
	    message->magic != bpf_htons(MAGIC))
		return TC_ACT_OK;
	if (bpf_skb_change_tail(packet, packet->len - HEADER_SIZE, 0) ||
	    bpf_skb_store_bytes(packet, PAYLOAD, message->data, size, 0))
		return TC_ACT_SHOT;
	lengthen(packet, -(int)HEADER_SIZE);
	return TC_ACT_OK;
}

char _license[] SEC("license") = "Dual MIT/GPL";
