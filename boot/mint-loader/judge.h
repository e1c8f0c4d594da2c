/* SPDX-License-Identifier: GPL-2.0 */
/* What a machine offers and lacks for Mint. */
#ifndef MINT_LOADER_JUDGE_H
#define MINT_LOADER_JUDGE_H

struct survey;

/**
 * enum verdict - what a finding means for Mint
 * @VERDICT_GOOD: it is as Mint wants it
 * @VERDICT_LESS: Mint runs, but something does not work, or is left out
 * @VERDICT_UNKNOWN: it could not be found out
 * @VERDICT_STOPS: Mint cannot run
 */
enum verdict {
	VERDICT_GOOD,
	VERDICT_LESS,
	VERDICT_UNKNOWN,
	VERDICT_STOPS,
};

/**
 * struct finding - one thing that was looked at
 * @name: what it is
 * @verdict: what it means
 * @text: what was found
 * @next: what to do, or an empty string
 */
struct finding {
	const char *name;
	enum verdict verdict;
	char text[256];
	char next[160];
};

#define JUDGE_FINDINGS	17

void judge(const struct survey *survey, struct finding findings[JUDGE_FINDINGS]);
const struct finding *judge_stop(const struct finding findings[JUDGE_FINDINGS]);
const char *verdict_text(enum verdict verdict);

#endif /* MINT_LOADER_JUDGE_H */
