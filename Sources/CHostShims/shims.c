#define _GNU_SOURCE
#include "host_shims.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void roost_name_thread(const char *name)
{
    char first[16];
    snprintf(first, sizeof first, "%s", name);
    pthread_setname_np(pthread_self(), first);
}

int roost_hide_memory(void)
{
    return prctl(PR_SET_DUMPABLE, 0);
}

void roost_bound_heaps(int most)
{
    mallopt(M_ARENA_MAX, most);
}

uint64_t roost_free_in_heaps(void)
{
    return mallinfo2().fordblks;
}

void roost_trim_heaps(void)
{
    malloc_trim(0);
}

int roost_pidfd(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

int roost_await_child(pid_t pid)
{
    siginfo_t info;
    int status;
    do
        status = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
    while (status != 0 && errno == EINTR);
    return status;
}

int roost_pipe(int end[2])
{
    if (pipe2(end, O_CLOEXEC) != 0)
        return -1;
    return fcntl(end[0], F_SETFL, O_NONBLOCK);
}

void roost_line_buffer_stdout(void)
{
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
}

int roost_memory_file(const char *name, uint64_t size)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    if (ftruncate(fd, (off_t)size) != 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

int roost_memory_file_seal(int fd, uint64_t size)
{
    if (ftruncate(fd, (off_t)size) != 0)
        return -1;
    return fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SEAL);
}

static int spawn_actions(posix_spawn_file_actions_t *actions, const int *fd, int n_fd)
{
    for (int i = 0; i < n_fd; i++) {
        int status = posix_spawn_file_actions_adddup2(actions, fd[i], i);
        if (status != 0)
            return status;
    }
    return posix_spawn_file_actions_addclosefrom_np(actions, n_fd);
}

static int spawn_attributes(posix_spawnattr_t *attributes)
{
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    int status = posix_spawnattr_setsigdefault(attributes, &all);
    if (status == 0)
        status = posix_spawnattr_setsigmask(attributes, &none);
    if (status == 0)
        status = posix_spawnattr_setpgroup(attributes, 0);
    if (status == 0)
        status = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    return status;
}

int roost_spawn(const char *path, char *const argv[], char *const envp[], const int *fd, int n_fd,
                pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int status = posix_spawn_file_actions_init(&actions);
    if (status != 0)
        return status;
    status = posix_spawnattr_init(&attributes);
    if (status == 0) {
        status = spawn_actions(&actions, fd, n_fd);
        if (status == 0)
            status = spawn_attributes(&attributes);
        if (status == 0)
            status = posix_spawn(pid, path, &actions, &attributes, argv, envp);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return status;
}

char **roost_environment(void)
{
    return environ;
}
