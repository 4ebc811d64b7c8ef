/* SPDX-License-Identifier: MIT */
/* The specs with which plans are compared with their twins: every sampler, every option. */
#ifndef QUELL_TESTS_TWIN_CASES_H
#define QUELL_TESTS_TWIN_CASES_H

/* spec: the plan's; twin: the twin's where it has another name. bound: relative, 0 for 1e-9. */
struct twin_case {
    const char *spec, *twin;
    double bound;
};

/* The last row is {0}. */
extern const struct twin_case twin_cases[];

#endif
