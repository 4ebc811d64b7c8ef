/* SPDX-License-Identifier: MIT */
/* What is read of cgroups, in both versions, from files as kernels have them: the group's own
 * limit, one above it, a container that hides what is above, and files that are damaged. */
#include "engine/limits.h"
#include "engine/tasks.h"
#include "harness.h"
#include "scratch.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A tree of files, "PATH=CONTENT" each; folders are made on the way. */
static struct scratch plant(const char *const *files)
{
    struct scratch root = scratch_new();
    for (; *files; files++) {
        char name[200];
        const char *content = strchr(*files, '=');
        snprintf(name, sizeof name, "%.*s", (int)(content - *files), *files);
        for (char *slash = name; (slash = strchr(slash, '/')); slash++) {
            *slash = '\0';
            mkdir(scratch_path(&root, name).text, 0755);
            *slash = '/';
        }
        scratch_write(&root, name, content[1] ? content + 1 : "\n", 0);
    }
    return root;
}

struct groups {
    const char *what, *lines;
    size_t tasks, processors;
    const char *files[14];
};

#define V1 "5:pids:/job\n4:cpu,cpuacct:/job\n1:name=systemd:/\n0::/\n"

static const struct groups cases[] = {
    {"version 2, no limits",
     "0::/a/b\n",
     SIZE_MAX,
     0,
     {"cgroup.procs=", "a/cgroup.procs=", "a/pids.max=max\n",
      "a/b/cgroup.procs=", "a/b/pids.max=max\n", "a/b/cpu.max=max 100000\n"}},
    {"version 2, the group's own",
     "0::/a/b\n",
     90,
     2,
     {"cgroup.procs=", "a/cgroup.procs=", "a/pids.max=max\n", "a/b/cgroup.procs=",
      "a/b/pids.max=100\n", "a/b/pids.current=10\n", "a/b/cpu.max=150000 100000\n"}},
    {"version 2, one above",
     "0::/a/b/c\n",
     5,
     1,
     {"cgroup.procs=", "a/cgroup.procs=", "a/pids.max=20\n", "a/pids.current=15\n",
      "a/cpu.max=100000 100000\n", "a/b/cgroup.procs=", "a/b/pids.max=max\n", "a/b/c/cgroup.procs=",
      "a/b/c/pids.max=100\n", "a/b/c/pids.current=10\n", "a/b/c/cpu.max=800000 100000\n"}},
    {"version 2, used up",
     "0::/a\n",
     0,
     0,
     {"cgroup.procs=", "a/cgroup.procs=", "a/pids.max=20\n", "a/pids.current=25\n"}},
    {"version 2, a controller that is not there",
     "0::/a\n",
     SIZE_MAX,
     0,
     {"cgroup.procs=", "a/cgroup.procs="}},
    {"version 2, a container's own root",
     "0::/\n",
     0,
     3,
     {"cgroup.procs=", "cgroup.type=domain\n", "pids.max=max\n", "cpu.max=300000 100000\n"}},
    {"version 2, of a container that sees its path",
     "0::/docker/x\n",
     0,
     3,
     {"cgroup.procs=", "cgroup.type=domain\n", "pids.max=max\n", "cpu.max=300000 100000\n"}},
    {"version 2, outside of the mount", "0::/../other\n", 0, 0, {"cgroup.procs=", "cpu.max=1 1\n"}},
    {"version 2, damaged",
     "0::/a\n",
     0,
     0,
     {"cgroup.procs=", "a/cgroup.procs=", "a/pids.max=x\n", "a/cpu.max=max\n"}},
    {"version 2, half of it",
     "0::/a\n",
     0,
     0,
     {"cgroup.procs=", "a/cgroup.procs=", "a/pids.max=7\n", "a/cpu.max=-5 100000\n"}},
    {"both versions, systemd's way",
     "0::/a\n1:name=systemd:/a\n",
     4,
     0,
     {"unified/cgroup.procs=", "unified/a/cgroup.procs=", "unified/a/pids.max=5\n",
      "unified/a/pids.current=1\n"}},
    {"version 1",
     V1,
     7,
     4,
     {"pids/cgroup.procs=", "pids/job/cgroup.procs=", "pids/job/pids.max=10\n",
      "pids/job/pids.current=3\n", "cpu/cgroup.procs=", "cpu/job/cgroup.procs=",
      "cpu/job/cpu.cfs_quota_us=350000\n", "cpu/job/cpu.cfs_period_us=100000\n"}},
    {"version 1, without limits",
     V1,
     SIZE_MAX,
     0,
     {"pids/cgroup.procs=", "pids/job/cgroup.procs=", "pids/job/pids.max=max\n",
      "cpu/cgroup.procs=", "cpu/job/cgroup.procs=", "cpu/job/cpu.cfs_quota_us=-1\n",
      "cpu/job/cpu.cfs_period_us=100000\n"}},
    {"version 1, not mounted where it is looked for", V1, 0, 0, {"cgroup.procs="}},
    {"no lines", "", 0, 0, {"cgroup.procs="}},
    {"half a line", "0:", 0, 0, {"cgroup.procs="}},
};

TEST(groups, read_from_files)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scratch root = plant(cases[i].files);
        size_t tasks = quell_tasks_of(cases[i].lines, root.folder);
        size_t processors = quell_processors_of(cases[i].lines, root.folder);
        CHECK(tasks == cases[i].tasks, "%s: %zu tasks, not %zu", cases[i].what, tasks,
              cases[i].tasks);
        CHECK(processors == cases[i].processors, "%s: %zu processors, not %zu", cases[i].what,
              processors, cases[i].processors);
        scratch_remove(&root);
    }
}
