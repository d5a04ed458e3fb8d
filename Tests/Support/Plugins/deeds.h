/* How the plugins of the tests misbehave, where and how their settings say: {"at": STEP, "do": DEED,
 * "marker": PATH, "letter": "x"}. With a marker only the first time (the file is then made), with a letter
 * only for what has it. "when" and "pace" are read for all, and mean what each plugin says. */
#include "common.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int bottomless = 1;

static int deepen(volatile char *above)
{
    volatile char frame[4096];
    frame[0] = above[0];
    return (bottomless ? deepen(frame) : 0) + frame[0];
}

static void fill_stderr(void)
{
    for (int i = 0; i < 20000; i++)
        fprintf(stderr, "line %d of a plugin that says far too much about nothing at all\n", i);
    fprintf(stderr, "the end of it\n");
}

/* For ever, or until the call is cancelled. */
static void hang(const roost_call *call)
{
    struct timespec pause = { 0, 1000000 };
    while (!call || !roost_cancelled(call))
        nanosleep(&pause, NULL);
}

/* Makes a process of a session of its own whose parent is gone, and says its number. */
static void leave_daemon(void)
{
    pid_t child = fork();
    if (child == 0) {
        setsid();
        pid_t daemon = fork();
        if (daemon == 0)
            hang(NULL);
        fprintf(stderr, "daemon %d\n", (int)daemon);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

/* The process group of whoever started what started this process. */
static pid_t group_of_host(void)
{
    char path[64], text[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)getppid());
    FILE *file = fopen(path, "r");
    if (file) {
        text[fread(text, 1, sizeof text - 1, file)] = 0;
        fclose(file);
    }
    int parent = 0;
    char *name_end = strrchr(text, ')');
    if (name_end)
        sscanf(name_end + 1, " %*c %d", &parent);
    return getpgid(parent);
}

/* Returns only after deeds that leave the process alive. */
static void misbehave(const char *deed, const roost_call *call)
{
    if (strcmp(deed, "segv") == 0) {
        fprintf(stderr, "about to touch null\n");
        *(volatile int *)8 = 1;
    } else if (strcmp(deed, "abort") == 0)
        abort();
    else if (strcmp(deed, "trap") == 0)
        __builtin_trap(); /* what a Swift precondition does */
    else if (strcmp(deed, "exit0") == 0)
        exit(0);
    else if (strcmp(deed, "exit7") == 0)
        exit(7);
    else if (strcmp(deed, "overflow") == 0)
        deepen("");
    else if (strcmp(deed, "spam") == 0) {
        fill_stderr();
        abort();
    } else if (strcmp(deed, "hang") == 0)
        hang(NULL);
    else if (strcmp(deed, "slow") == 0)
        hang(call);
    else if (strcmp(deed, "close") == 0) {
        for (int fd = 3; fd < 64; fd++)
            close(fd);
        hang(NULL);
    } else if (strcmp(deed, "shrink") == 0) {
        if (ftruncate(5, 0) == 0)
            fprintf(stderr, "shared memory was taken away\n");
    } else if (strcmp(deed, "flood") == 0) {
        /* The beginning of an answer to the lane's call that is as long as a message can be. */
        const uint32_t header[3] = { 255u << 20, 2, 1 };
        if (write(4, header, sizeof header) != sizeof header)
            abort();
        hang(NULL);
    } else if (strcmp(deed, "regroup") == 0) {
        if (setpgid(0, group_of_host()) == 0)
            fprintf(stderr, "in another group\n");
        hang(NULL);
    } else if (strcmp(deed, "daemon") == 0) {
        leave_daemon();
        abort();
    } else if (strcmp(deed, "daemons") == 0) {
        leave_daemon();
    } else if (strcmp(deed, "mutiny") == 0) {
        prctl(PR_SET_PDEATHSIG, 0);
        kill(getppid(), SIGSTOP);
        hang(NULL);
    } else if (strcmp(deed, "regicide") == 0) {
        prctl(PR_SET_PDEATHSIG, 0);
        kill(getppid(), SIGKILL);
        hang(NULL);
    } else if (strcmp(deed, "child") == 0) {
        if (fork() == 0)
            hang(NULL);
        abort();
    }
}

/* How a model misbehaves: on arriving at a step the deed is done, with a marker only the first time, and
 * with a letter only where that is in what the step is given. */
struct deeds {
    char at[32], deed[32], marker[512], letter[8], when[64], pace[16];
};

static int is(const struct deeds *deeds, const char *at, const char *deed)
{
    return strcmp(deeds->at, at) == 0 && strcmp(deeds->deed, deed) == 0;
}

/* True when this is the step and, with a marker, the first time. */
static int arrives(const struct deeds *deeds, const char *at)
{
    if (strcmp(deeds->at, at) != 0)
        return 0;
    if (deeds->marker[0] == 0)
        return 1;
    int fd = open(deeds->marker, O_CREAT | O_EXCL | O_WRONLY, 0600);
    if (fd < 0)
        return 0;
    close(fd);
    return 1;
}

static void misbehave_at(const struct deeds *deeds, const char *at)
{
    if (arrives(deeds, at))
        misbehave(deeds->deed, NULL);
}

/* The common beginning of a step: misbehaves, or refuses, when told to. */
static roost_status arrive(const struct deeds *deeds, const char *at, const roost_call *call)
{
    if (!arrives(deeds, at))
        return ROOST_OK;
    misbehave(deeds->deed, call);
    if (roost_cancelled(call))
        return fail(call, ROOST_E_CANCELLED, 0, "told to stop");
    if (strcmp(deeds->deed, "refuse") == 0)
        return fail(call, ROOST_E_MODEL, 0, "refused as told");
    if (strcmp(deeds->deed, "poison") == 0)
        return fail(call, ROOST_E_INTERNAL, ROOST_ERR_MODEL_POISONED, "poisoned as told");
    if (strcmp(deeds->deed, "positive") == 0)
        return 5;
    return ROOST_OK;
}

static void read_deeds(struct deeds *deeds, roost_str json)
{
    read_setting(json, "at", deeds->at, sizeof deeds->at);
    read_setting(json, "do", deeds->deed, sizeof deeds->deed);
    read_setting(json, "marker", deeds->marker, sizeof deeds->marker);
    read_setting(json, "letter", deeds->letter, sizeof deeds->letter);
    read_setting(json, "when", deeds->when, sizeof deeds->when);
    read_setting(json, "pace", deeds->pace, sizeof deeds->pace);
}
