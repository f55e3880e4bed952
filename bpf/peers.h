/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Who talked to us: a sum for each source of valid messages, kept also while nobody reads.
 */
#ifndef CUSTOMPROTO_PEERS_H
#define CUSTOMPROTO_PEERS_H

#include "judge.h"

/*
 * With one list of what was used last for all CPUs, so that a source which only one CPU sees has the
 * whole map's room. The kernel hands free places to the CPUs in groups (kernel/bpf/bpf_lru_list.c), so
 * it may evict while a few are unused.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1); /* set before load */
	__type(key, struct cp_peer_key);
	__type(value, struct cp_peer);
} peers SEC(".maps");

static __always_inline const struct cp_peer_key *fill_key(struct cp_record *record)
{
	struct cp_peer_key *key = &record->scratch.peer.key;

	__builtin_memcpy(key->address, record->event.source_address, sizeof(key->address));
	key->ip_version = record->event.ip_version;
	return key;
}

/* What is known of a source; made where there is nothing yet, for which another CPU may be faster. */
static __always_inline struct cp_peer *find_peer(struct cp_record *record,
						 struct cp_counters *counted)
{
	const struct cp_event *event = &record->event;
	const struct cp_peer_key *key = fill_key(record);
	struct cp_peer *first = &record->scratch.peer.first;
	struct cp_peer *peer = bpf_map_lookup_elem(&peers, key);
	if (!peer) {
		__builtin_memset(first, 0, sizeof(*first));
		first->first_ns = event->monotonic_ns;
		first->first_tai_ns = event->tai_ns;
		if (!bpf_map_update_elem(&peers, key, first, BPF_NOEXIST))
			counted->peers++;
		peer = bpf_map_lookup_elem(&peers, key);
	}
	return peer;
}

/*
 * Counts a valid message for its source. What finds no place (the map is being emptied by others at
 * this moment) is missing here and not in `valid`, as is what an evicted source had.
 */
static __noinline void count_peer(struct cp_record *record, struct cp_counters *counted)
{
	const struct cp_event *event = &record->event;
	__u32 captured = event->length;
	struct cp_peer *peer;

	if (!config.keep_peers)
		return;
	peer = find_peer(record, counted);
	if (!peer)
		return;
	__sync_fetch_and_add(&peer->messages, 1);
	__sync_fetch_and_add(&peer->bytes, event->length);
	peer->last_ns = event->monotonic_ns;
	peer->last_tai_ns = event->tai_ns;
	peer->last_length = event->length;
	peer->last_port = event->source_port;
	peer->last_type = event->type;
	peer->last_captured = captured < CP_PEER_DATA ? captured : CP_PEER_DATA;
	__builtin_memcpy(peer->last_data, record->payload + config.header_size, CP_PEER_DATA);
}

#endif /* CUSTOMPROTO_PEERS_H */
