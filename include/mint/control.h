/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The control section: sessions by which one node asks another for something.
 *
 * Each node owns MINT_NODE_SESSIONS sessions as client, so nodes never compete
 * for one. A line has one writer; each word names the request that it belongs
 * to, so what a late writer leaves behind means nothing. See docs/abi.md.
 */
#ifndef MINT_CONTROL_H
#define MINT_CONTROL_H

#include <mint/abi.h>

#define MINT_NODE_SESSIONS	4	/* sessions of a node id as client */
#define MINT_ARGUMENT_BYTES	2048	/* room for the words of a command */
#define MINT_PIPE_BYTES		4096	/* bytes of a pipe */

/* Verbs of a request */
#define MINT_VERB_STOP		1	/* let user space power off the node; done when it has been
					 * told
					 */
#define MINT_VERB_EXEC		2	/* run the command in mint_session.arguments */

/* States of an answer */
#define MINT_ANSWER_NONE	0	/* not answered yet */
#define MINT_ANSWER_RUNNING	1	/* the command is being run */
#define MINT_ANSWER_DONE	2	/* final: what was asked has been done */
#define MINT_ANSWER_REFUSED	3	/* final: it will not be done */

/* Pipes of a session */
#define MINT_PIPE_STDIN		0	/* client to server */
#define MINT_PIPE_STDOUT	1	/* server to client */
#define MINT_PIPE_STDERR	2	/* server to client */
#define MINT_NR_PIPES		3	/* pipes of a session */

#define MINT_PIPE_POSITIONS	0x80000000U	/* positions of a pipe */

/**
 * struct mint_request - the client's line
 * @word: the request word. Writer: client, first, and last with release
 * @generation: of the client
 * @server: node id that is asked
 * @server_generation: its generation; a later start is not meant
 * @bytes: used bytes of mint_session.arguments; 1 to MINT_ARGUMENT_BYTES with
 *	MINT_VERB_EXEC
 * @process: process id, on the client's node, of who waits for the answer, 0 =
 *	not known; for people
 * @pad: zero. Writer: format
 * @reserved: zero. Writer: format
 *
 * Writer: client
 */
struct mint_request {
	__u64 word;
	__u32 generation;
	__u32 server;
	__u32 server_generation;
	__u32 bytes;
	__u32 process;
	__u32 pad;
	__u64 reserved[4];
};

static_assert(sizeof(struct mint_request) == 64);

/**
 * struct mint_answer - the server's line
 * @word: the answer word. Writer: server, release
 * @reserved: zero
 *
 * After a final state the server writes nothing more into the session for
 * that request.
 *
 * Writer: format
 */
struct mint_answer {
	__u64 word;
	__u64 reserved[7];
};

static_assert(sizeof(struct mint_answer) == 64);

/**
 * struct mint_pipe - bytes from one side of a session to the other
 * @head: pipe word: bytes ever written. Writer: the writing side, release, after
 *	the bytes
 * @pad0: zero
 * @tail: pipe word: bytes ever read. Writer: the reading side, release, after it
 *	has read them
 * @pad1: zero
 * @data: the byte at position *n* lies at ``data[n % MINT_PIPE_BYTES]``. Writer:
 *	the writing side
 *
 * Writer: format
 */
struct mint_pipe {
	__u64 head;
	__u64 pad0[7];
	__u64 tail;
	__u64 pad1[7];
	__u8 data[MINT_PIPE_BYTES];
};

static_assert(offsetof(struct mint_pipe, data) == 128);

/**
 * struct mint_session - one request at a time, and what belongs to it
 * @request: what is asked. Writer: client
 * @answer: how it stands. Writer: server
 * @arguments: words of the command, each with its NUL. Writer: client, before the
 *	request
 * @pipes: by MINT_PIPE_*. Writer: see there
 *
 * Session k of client n is entry n * MINT_NODE_SESSIONS + k of the section.
 */
struct mint_session {
	struct mint_request request;
	struct mint_answer answer;
	__u8 arguments[MINT_ARGUMENT_BYTES];
	struct mint_pipe pipes[MINT_NR_PIPES];
};

static_assert(sizeof(struct mint_session) == 14848);

/**
 * mint_request_word() - the request word: what the client wants
 * @sequence: names the request; the former one + 1, never 0; 0 = the session was
 *	never used
 * @hung_up: 1 if the client has left
 * @verb: a MINT_VERB_* value; 0 while the request is being written
 */
static inline __u64 mint_request_word(__u32 sequence, __u32 hung_up, __u32 verb)
{
	return (__u64)sequence << 32 | (hung_up & 0xffff) << 16 | (verb & 0xffff);
}

/**
 * mint_answer_word() - the answer word: how a request stands
 * @sequence: of the request that is answered
 * @state: a MINT_ANSWER_* value
 * @code: with MINT_ANSWER_DONE the exit code, 0 to 255; with MINT_ANSWER_REFUSED
 *	an errno of Linux
 */
static inline __u64 mint_answer_word(__u32 sequence, __u32 state, __u32 code)
{
	return (__u64)sequence << 32 | (state & 0xffff) << 16 | (code & 0xffff);
}

/**
 * mint_pipe_word() - the pipe word: how far one side of a pipe is
 * @sequence: of the request to which the word belongs
 * @closed: this side has closed its end
 * @position: bytes modulo 2^31, from 0 with each request
 */
static inline __u64 mint_pipe_word(__u32 sequence, __u32 closed, __u32 position)
{
	return (__u64)sequence << 32 | (closed & 1U) << 31 |
	       (position & (MINT_PIPE_POSITIONS - 1));
}

#endif /* MINT_CONTROL_H */
