/* What Swift cannot see of Linux: variadic calls, GNU extensions, atomics on shared memory; and a file that the C
 * compiler embeds. */
#ifndef ROOST_HOST_SHIMS_H
#define ROOST_HOST_SHIMS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Names the calling thread; Linux keeps the first 15 bytes. */
void roost_name_thread(const char *name);

/* Splits this process, which must have one thread, in two. The child is the worker, in a process group of its
 * own: there it returns 0. The parent, its reaper, never returns. It becomes the parent of every process that the
 * worker starts and leaves behind. When the worker has ended, or the last other end of the pipe `lifeline` is
 * closed, it kills everything that is left below it and then ends as the worker did. The worker does not outlive it.
 * Returns -1 with errno if there is no worker. */
int roost_fork_worker(int lifeline);

/* The parent of a process, as /proc says; -1 where there is none. */
pid_t roost_parent(pid_t pid);

/* Keeps other processes of the same user from reading this one's memory and environment. */
int roost_hide_memory(void);

/* Limits the number of per-thread heaps; `trim` returns what a heap no longer needs. */
void roost_bound_heaps(int most);
void roost_trim_heaps(void);
uint64_t roost_free_in_heaps(void);

/* A descriptor that becomes readable when the process ends, close-on-exec; -1 with errno. */
int roost_pidfd(pid_t pid);

/* Sends a signal to the process of a `roost_pidfd` and never to another that got its number. 0, or -1 with
 * errno. */
int roost_signal_process(int pidfd, int number);

/* Waits for the end of a child without reaping it, so that its id is not given to another process.
 * Returns 0 when it has ended. */
int roost_await_child(pid_t pid);

/* A pipe whose ends are close-on-exec: `end[0]` reads without blocking, `end[1]` writes. 0, or -1
 * with errno. */
int roost_pipe(int end[2]);

/* Makes stdout line-buffered, so that a crash does not lose printed lines. */
void roost_line_buffer_stdout(void);

/* An anonymous file of `size` bytes, close-on-exec, that can grow but never shrink; -1 with errno. */
int roost_memory_file(const char *name, uint64_t size);

/* Grows the file to `size` bytes and forbids every further change of size; -1 with errno. */
int roost_memory_file_seal(int fd, uint64_t size);

/* Starts `path` in a process group of its own with default signals and an empty mask. `fd[i]` becomes
 * descriptor i for i below `n_fd`, every other one is closed. Returns 0 and the child's id in `pid`,
 * or an errno. */
int roost_spawn(const char *path, char *const argv[], char *const envp[], const int *fd, int n_fd,
                pid_t *pid);

/* Adds `blocks` blocks of 64 bytes to a SHA-256 state, with the processor's instructions if it has
 * them. */
void roost_sha256_blocks(uint32_t state[8], const uint8_t *bytes, size_t blocks);

/* The same without them, for tests. */
void roost_sha256_plain(uint32_t state[8], const uint8_t *bytes, size_t blocks);

/* info.schema.json of the ABI, ending with a NUL. */
const char *roost_info_schema(void);

/* The environment of this process. */
char **roost_environment(void);

static inline int32_t roost_word_load(const int32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline void roost_word_store(int32_t *word, int32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

#endif
