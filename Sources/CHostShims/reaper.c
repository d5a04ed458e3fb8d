#define _GNU_SOURCE
#include "host_shims.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Closes every descriptor but one. The worker's own must not stay open here: their end tells the host. */
static void close_all_but(int kept)
{
    if (syscall(SYS_close_range, 0u, (unsigned)kept - 1, 0u) == 0 &&
        syscall(SYS_close_range, (unsigned)kept + 1, ~0u, 0u) == 0)
        return;
    for (int fd = (int)sysconf(_SC_OPEN_MAX) - 1; fd >= 0; fd--)
        if (fd != kept)
            close(fd);
}

pid_t roost_parent(pid_t pid)
{
    char path[32], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = 0;
    int parent = -1;
    char *name_end = strrchr(text, ')');
    if (name_end)
        sscanf(name_end + 1, " %*c %d", &parent);
    return parent;
}

/* For kernels that keep no list of children. */
static void kill_children_by_search(void)
{
    DIR *processes = opendir("/proc");
    if (!processes)
        return;
    pid_t self = getpid();
    for (struct dirent *entry; (entry = readdir(processes));) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && roost_parent(pid) == self)
            kill(pid, SIGKILL);
    }
    closedir(processes);
}

/* A child that has not been waited for keeps its number, so none of these belongs to another process. */
static void kill_children(void)
{
    FILE *children = fopen("/proc/thread-self/children", "re");
    if (!children)
        return kill_children_by_search();
    for (int pid; fscanf(children, "%d", &pid) == 1;)
        kill((pid_t)pid, SIGKILL);
    fclose(children);
}

/* Kills everything below this process: orphans become its children, until there are none. */
static void kill_descendants(pid_t worker, int *status)
{
    const struct timespec moment = { 0, 1000000 };
    for (;;) {
        kill_children();
        int found;
        pid_t pid;
        while ((pid = waitpid(-1, &found, WNOHANG)) > 0)
            if (pid == worker)
                *status = found;
        if (pid < 0 && errno == ECHILD)
            return;
        nanosleep(&moment, NULL);
    }
}

/* Returns when the worker has ended, or the host has closed the lifeline. */
static void wait_for_end(pid_t worker, int *status, int lifeline, int child_signals)
{
    struct pollfd events[] = { { lifeline, POLLIN, 0 }, { child_signals, POLLIN, 0 } };
    for (;;) {
        int found;
        pid_t pid;
        while ((pid = waitpid(-1, &found, WNOHANG)) > 0)
            if (pid == worker) {
                *status = found;
                return;
            }
        if (poll(events, 2, -1) < 0)
            continue;
        if (events[0].revents)
            return;
        struct signalfd_siginfo info;
        if (read(child_signals, &info, sizeof info) < 0)
            continue;
    }
}

/* Ends this process as the worker's ended. */
static _Noreturn void end_as(int status)
{
    if (WIFSIGNALED(status)) {
        int number = WTERMSIG(status);
        prctl(PR_SET_DUMPABLE, 0); /* the worker's dump is the one to keep */
        signal(number, SIG_DFL);
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_UNBLOCK, &all, NULL);
        kill(getpid(), number);
    }
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 70);
}

static _Noreturn void reap(pid_t worker, int lifeline)
{
    prctl(PR_SET_NAME, "roost-reaper");
    /* The host alone handles what terminals and service managers send to all processes. */
    sigset_t blocked;
    sigfillset(&blocked);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    close_all_but(lifeline);
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    int child_signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    int status = 0;
    if (child_signals >= 0)
        wait_for_end(worker, &status, lifeline, child_signals);
    kill_descendants(worker, &status);
    end_as(status);
}

int roost_fork_worker(int lifeline)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        return -1;
    pid_t reaper = getpid();
    pid_t worker = fork();
    if (worker < 0)
        return -1;
    if (worker > 0)
        reap(worker, lifeline);
    close(lifeline);
    setpgid(0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != reaper)
        _exit(70);
    return 0;
}

int roost_signal_process(int pidfd, int number)
{
    return (int)syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
}
