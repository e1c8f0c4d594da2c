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

#define MINT_NODE_SESSIONS	4
#define MINT_ARGUMENT_BYTES	2048
#define MINT_PIPE_BYTES		4096

/* Verbs of a request */
#define MINT_VERB_STOP		1	/* power off, by user space */
#define MINT_VERB_EXEC		2	/* run a command */

/* States of an answer */
#define MINT_ANSWER_NONE	0
#define MINT_ANSWER_RUNNING	1	/* the command has been started */
#define MINT_ANSWER_DONE	2	/* final; code: exit code of the command */
#define MINT_ANSWER_REFUSED	3	/* final; code: errno */

/* Pipes of a session */
#define MINT_PIPE_STDIN		0	/* client to server */
#define MINT_PIPE_STDOUT	1	/* server to client */
#define MINT_PIPE_STDERR	2	/* server to client */
#define MINT_NR_PIPES		3

#define MINT_PIPE_POSITIONS	0x80000000U

/**
 * struct mint_request - the client's line
 * @word: mint_request_word(); written last, with release. Its sequence is
 *	never the same twice; 0 = never used.
 * @generation: of the client
 * @server: node id that is asked
 * @server_generation: its generation; a later start is not meant
 * @bytes: used bytes of mint_session.arguments
 * @process: process id, on the client's node, of who waits for the answer
 * @pad: zero
 * @reserved: zero
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
 * @word: mint_answer_word(), with release. After a final state the server
 *	writes nothing more into the session for that request.
 * @reserved: zero
 */
struct mint_answer {
	__u64 word;
	__u64 reserved[7];
};

static_assert(sizeof(struct mint_answer) == 64);

/**
 * struct mint_pipe - bytes from one side of a session to the other
 * @head: mint_pipe_word() of the writer: bytes ever written; release
 * @pad0: zero
 * @tail: mint_pipe_word() of the reader: bytes ever read; release
 * @pad1: zero
 * @data: the byte at position n lies at data[n % MINT_PIPE_BYTES]
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
 * @request: written by the client
 * @answer: written by the server
 * @arguments: of MINT_VERB_EXEC: the words of the command, each with its NUL;
 *	written by the client before the request
 * @pipes: by MINT_PIPE_*
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

/* Bits 0-15 verb, bits 16-31 1 if the client has hung up, bits 32-63 sequence */
static inline __u64 mint_request_word(__u32 sequence, __u32 hung_up, __u32 verb)
{
	return (__u64)sequence << 32 | (hung_up & 0xffff) << 16 | (verb & 0xffff);
}

/* Bits 0-15 code, bits 16-31 state, bits 32-63 sequence */
static inline __u64 mint_answer_word(__u32 sequence, __u32 state, __u32 code)
{
	return (__u64)sequence << 32 | (state & 0xffff) << 16 | (code & 0xffff);
}

/* Bits 0-30 position, bit 31 this side has closed, bits 32-63 sequence */
static inline __u64 mint_pipe_word(__u32 sequence, __u32 closed, __u32 position)
{
	return (__u64)sequence << 32 | (closed & 1U) << 31 |
	       (position & (MINT_PIPE_POSITIONS - 1));
}

#endif /* MINT_CONTROL_H */
