// SPDX-License-Identifier: GPL-2.0
/* The whole machine. */
#include <string.h>
#include "survey.h"

/**
 * survey_machine() - read all that is known of the machine
 * @survey: filled in
 */
void survey_machine(struct survey *survey)
{
	memset(survey, 0, sizeof(*survey));
	survey_tables(&survey->tables);
	survey_cpus(&survey->cpus);
	survey_memory(&survey->memory);
	survey_devices(&survey->devices);
}
