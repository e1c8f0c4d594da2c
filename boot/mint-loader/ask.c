// SPDX-License-Identifier: GPL-2.0
/*
 * Asks the other nodes for what they can tell of themselves: each is to run
 * `mint sample`. A node has four sessions, and one whose server hangs stays in use
 * until that server is fenced. So a question that is late stays open, no second one
 * is put to its node, and at most three are open: one session is always left to
 * others. As long as nodes answer soon, they are asked one after the other.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <mint/dev.h>
#include "ask.h"
#include "node.h"
#include "paths.h"
#include "region.h"
#include "relay.h"
#include "report.h"
#include "request.h"
#include "tables.h"
#include "terminal.h"
#include "timing.h"
#include "util.h"

/* The file that the other kernel starts to serve a request: it is there, and the same. */
#define COMMAND		"/sbin/mint\0sample"
#define QUESTIONS	(MINT_NODE_SESSIONS - 1)
#define SLOW_MS		250	/* then the next node is asked, too */
#define TEXT_BYTES	16384

/**
 * struct question - what a node was asked and has not answered yet
 * @session: the device, as the client's side of the session; 0: there is none
 * @output: where its answer comes from; -1 after its end
 * @node: node id
 * @generation: its start that was asked
 * @begun_ms: when
 * @used: bytes of @text
 * @text: what of the answer is there
 */
struct question {
	int session;
	int output;
	__u32 node;
	__u32 generation;
	__u64 begun_ms;
	size_t used;
	char text[TEXT_BYTES];
};

static struct question questions[QUESTIONS];
/* The node that is asked next. Not all may get their turn in one round. */
static __u32 next_node;

static void close_question(struct question *question)
{
	if (question->output >= 0)
		close(question->output);
	if (question->session)
		close(question->session);
	question->session = 0;
	question->output = -1;
}

static struct question *question_to(__u32 node)
{
	unsigned int i;

	for (i = 0; i < QUESTIONS; i++)
		if (questions[i].session && questions[i].node == node)
			return &questions[i];
	return NULL;
}

/* A place for another question, or NULL: all are open, or one is but a moment old. */
static struct question *free_question(void)
{
	struct question *found = NULL;
	__u64 now = now_ms();
	unsigned int i;

	for (i = 0; i < QUESTIONS; i++) {
		if (!questions[i].session)
			found = &questions[i];
		else if (now - questions[i].begun_ms < SLOW_MS)
			return NULL;
	}
	return found;
}

static int send_question(const struct region *region, const struct node_view *node,
			 struct question *question)
{
	static const char command[] = COMMAND;
	struct region session = *region;
	int code;

	session.fd = open(MINT_DEVICE, O_RDWR | O_CLOEXEC);
	if (session.fd < 0)
		return fail(MINT_EXIT_FAILED, MINT_DEVICE ": %m");
	question->session = session.fd;
	code = request_send(&session, node, MINT_VERB_EXEC, command, sizeof(command));
	if (code)
		return code;
	question->output = session_pipe(question->session, MINT_PIPE_STDOUT);
	if (question->output < 0)
		return fail(MINT_EXIT_FAILED, "its pipes cannot be opened: %m");
	return MINT_EXIT_OK;
}

static void ask(const struct region *region, const struct node_view *node,
		struct question *question)
{
	question->output = -1;
	question->node = node->id;
	question->generation = node->life.generation;
	question->begun_ms = now_ms();
	question->used = 0;
	if (send_question(region, node, question))
		close_question(question);
}

/* Says, by fail(), why a node has told nothing of itself, if so. */
static int take_answer(const struct node_view *node, const struct question *question,
		       struct figures *figures)
{
	const char *name = node->life.name;
	struct mint_ioc_result result;
	int code;

	if (ioctl(question->session, MINT_IOC_RESULT, &result))
		return fail(MINT_EXIT_FAILED, MINT_DEVICE ": %m");
	code = request_result(node, &result);
	if (result.state != MINT_ANSWER_DONE)
		return code;
	if (code == MINT_EXIT_USAGE)
		return fail(code, "its /sbin/mint is of another version. Try: mint exec %s -- %s",
			    name, "/sbin/mint version");
	if (question->used == TEXT_BYTES ||
	    (!code && !figures_from_json(question->text, question->used, figures)))
		return fail(MINT_EXIT_FAILED, "it answers with nonsense. Try: mint exec %s -- %s",
			    name, "/sbin/mint sample");
	if (code)
		return fail(code, "its /sbin/mint failed, status %d. Try: mint exec %s -- %s",
			    code, name, "/sbin/mint sample");
	return MINT_EXIT_OK;
}

/* Reads what is there. More than there is room for is nonsense, and not read. */
static void read_output(struct question *question)
{
	size_t room = TEXT_BYTES - question->used;
	ssize_t n = room ? read(question->output, question->text + question->used, room) : 0;

	if (n > 0)
		question->used += n;
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	close(question->output);
	question->output = -1;
}

/* Waits until something comes, and reads it. Returns whether something came. */
static bool hear(unsigned int timeout_ms)
{
	struct pollfd files[QUESTIONS];
	unsigned int i;
	int got;

	for (i = 0; i < QUESTIONS; i++) {
		const struct question *question = &questions[i];

		files[i].events = POLLIN;
		files[i].fd = !question->session ? -1 :
			question->output >= 0 ? question->output : question->session;
	}
	got = terminal_wait(files, QUESTIONS, timeout_ms);
	for (i = 0; i < QUESTIONS; i++)
		if (files[i].revents && questions[i].output >= 0)
			read_output(&questions[i]);
	return got > 0;
}

static bool is_over(const struct question *question)
{
	struct pollfd session = { .fd = question->session, .events = POLLIN };

	return question->session && question->output < 0 && poll(&session, 1, 0) > 0;
}

/* Takes the answers of those that have given them. */
static void take_answers(const struct tables *tables, struct answer *answers)
{
	unsigned int i;

	for (i = 0; i < QUESTIONS; i++) {
		struct question *question = &questions[i];
		struct answer *answer = &answers[question->node];

		if (!is_over(question))
			continue;
		fail_keep(answer->why, sizeof(answer->why));
		answer->generation = question->generation;
		answer->fresh = !take_answer(&tables->nodes[question->node], question,
					     &answer->figures);
		fail_keep(NULL, 0);
		close_question(question);
	}
}

/* What was asked of a start that has ended will not be answered. */
static void forget_the_dead(const struct tables *tables)
{
	unsigned int i;

	for (i = 0; i < QUESTIONS; i++) {
		const struct node_view *node = &tables->nodes[questions[i].node];

		if (questions[i].session && (node->life.generation != questions[i].generation ||
					     !node_active(node)))
			close_question(&questions[i]);
	}
}

/* Which nodes are to be asked? Those that cannot have the reason for it. */
static void begin_round(const struct tables *tables, struct answer *answers, bool *wanted)
{
	__u32 id;

	for (id = 0; id < tables->nr_nodes; id++) {
		const struct node_view *node = &tables->nodes[id];
		struct answer *answer = &answers[id];

		wanted[id] = false;
		if (id == tables->self || node->life.life == MINT_LIFE_NONE)
			continue;
		answer->fresh = false;
		*answer->why = '\0';
		fail_keep(answer->why, sizeof(answer->why));
		wanted[id] = !request_check(node) && !question_to(id);
		fail_keep(NULL, 0);
	}
}

/* Asks the next node that is wanted, if it may be asked now. Returns false if none is. */
static bool ask_next(const struct region *region, const struct tables *tables,
		     struct answer *answers, bool *wanted)
{
	struct question *question;
	__u32 i, id = 0;

	for (i = 0; i < tables->nr_nodes; i++) {
		id = (next_node + i) % tables->nr_nodes;
		if (wanted[id])
			break;
	}
	if (i == tables->nr_nodes)
		return false;
	question = free_question();
	if (question) {
		next_node = id + 1;
		wanted[id] = false;
		fail_keep(answers[id].why, sizeof(answers[id].why));
		ask(region, &tables->nodes[id], question);
		fail_keep(NULL, 0);
	}
	return true;
}

/* Is there a question of this round without an answer? Those that are late wait alone. */
static bool waits(__u64 begun_ms)
{
	unsigned int i;

	for (i = 0; i < QUESTIONS; i++)
		if (questions[i].session && questions[i].begun_ms >= begun_ms)
			return true;
	return false;
}

/* What a node's state tells is the better reason. */
static void say_late(const struct tables *tables, struct answer *answers, const bool *wanted)
{
	__u32 id;

	for (id = 0; id < tables->nr_nodes; id++) {
		const struct question *question = question_to(id);
		struct answer *answer = &answers[id];

		if (question && !*answer->why)
			snprintf(answer->why, sizeof(answer->why), "no answer for %.1f s",
				 (double)(now_ms() - question->begun_ms) / 1000);
		else if (wanted[id])
			snprintf(answer->why, sizeof(answer->why),
				 "not asked: others have not answered in time");
	}
}

/**
 * ask_all() - ask all other nodes for what they tell of themselves
 * @region: the region, of this machine
 * @tables: its tables
 * @answers: by node id; zeroes at first, kept from round to round; filled in
 * @limit_ms: how long it may take; what comes later is for the next round
 *
 * A signal that ends the command ends it.
 */
void ask_all(const struct region *region, const struct tables *tables, struct answer *answers,
	     unsigned int limit_ms)
{
	static bool wanted[MINT_MAX_NODES];
	bool more = true, heard = false;
	__u64 begun = now_ms();

	forget_the_dead(tables);
	begin_round(tables, answers, wanted);
	while ((more || heard || waits(begun)) && now_ms() - begun < limit_ms &&
	       !terminal_signal()) {
		more = ask_next(region, tables, answers, wanted);
		heard = hear(more || waits(begun) ? POLL_MS : 0);
		take_answers(tables, answers);
	}
	say_late(tables, answers, wanted);
}
