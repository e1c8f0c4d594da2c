// SPDX-License-Identifier: GPL-2.0
/*
 * Signals between the ends of a pair: giving them, and waking whom they are for.
 */
#include "bypass.h"

/* The peer may be gone. */
static void mint_tell(struct mint_socket *s, u64 cpu)
{
	if (s->peer.node >= MINT_MAX_NODES)
		return;
	mint_count(MINT_EVENT_SIGNALS, 1);
	if (!mint_signal(&mint_bypass->view, s->peer.node, s->pair))
		return;
	mint_count(MINT_EVENT_DOORBELLS, 1);
	/* Any number: the core rings no CPU that there is not. */
	mint_doorbell_ring(min_t(u64, cpu, U32_MAX), MINT_CHANNEL_BYPASS);
}

/**
 * mint_tell_reader() - signal the peer if it waits for bytes
 * @s: has sent bytes, or has gone back to TCP
 */
void mint_tell_reader(struct mint_socket *s)
{
	if (mint_writer_kicks(&s->writer))
		mint_tell(s, mint_load(&s->writer.lane->reader_cpu));
}

/**
 * mint_tell_writer() - signal the peer if it waits for room
 * @s: has received bytes, or wants no more
 */
void mint_tell_writer(struct mint_socket *s)
{
	if (mint_reader_kicks(&s->reader))
		mint_tell(s, mint_load(&s->reader.lane->writer_cpu));
}

/*
 * Wakes whom the peer has signalled: it has taken back the word by which we asked
 * for it.
 */
static void mint_socket_wake(struct mint_socket *s)
{
	struct sock *sk = s->sk;

	if (!mint_socket_joined(s)) {
		/* Only who calls can find out more. */
		sk->sk_data_ready(sk);
		return;
	}
	if (READ_ONCE(s->reader_waits) && !mint_load(&s->reader.lane->needs_bytes)) {
		WRITE_ONCE(s->reader_waits, false);
		sk->sk_data_ready(sk);
	}
	if (READ_ONCE(s->writer_waits) && !mint_load(&s->writer.lane->needs_room)) {
		WRITE_ONCE(s->writer_waits, false);
		sk->sk_write_space(sk);
	}
}

static void mint_pair_wake(u32 pair, bool signalled)
{
	struct mint_socket *s;

	if (pair >= mint_bypass->view.geometry.nr_pairs || !READ_ONCE(mint_bypass->sockets[pair]))
		return;
	spin_lock(&mint_bypass->lock);
	s = mint_bypass->sockets[pair];
	if (s && (signalled || mint_socket_joined(s)))
		mint_socket_wake(s);
	spin_unlock(&mint_bypass->lock);
}

static void mint_word_handle(u32 word)
{
	u64 bits = mint_signals_take(&mint_bypass->view, word);

	for (; bits; bits &= bits - 1)
		mint_pair_wake(word * 64 + __ffs64(bits), true);
}

/**
 * mint_signals_handle() - wake all for whom there is news
 *
 * Context: BH is off.
 */
void mint_signals_handle(void)
{
	u64 words = mint_signals_words(&mint_bypass->view);

	words &= GENMASK_ULL(MINT_BYPASS_MAX_PAIRS / 64 - 1, 0);
	for (; words; words &= words - 1)
		mint_word_handle(__ffs64(words));
}

/**
 * mint_signals_check() - wake all whose signal may have been lost
 */
void mint_signals_check(void)
{
	u32 pair;

	local_bh_disable();
	mint_signals_handle();
	for (pair = 0; pair < mint_bypass->view.geometry.nr_pairs; pair++)
		mint_pair_wake(pair, false);
	local_bh_enable();
}
