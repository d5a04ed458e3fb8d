/* Tells ThreadSanitizer what order Swift's own libraries keep, which are not instrumented:
 *
 * - `Synchronization.Mutex`, where somebody waits for it; the other part is inlined into our code, where the sanitizer
 *   sees it;
 * - counts of references: whoever finds that an array is nobody else's may change it in place, after the last use of
 *   those who let go of it;
 * - continuations: what was done before a task is resumed comes before what it does then.
 *
 * Preloaded by Tools/test-sanitized.sh, into programs without the sanitizer as well. The names are those of Swift 6. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *mutex

#define ASYNC __attribute__((swiftasynccall))

__attribute__((weak)) SWIFT void *swift_task_getCurrent(void);
__attribute__((weak)) void __tsan_acquire(void *);
__attribute__((weak)) void __tsan_release(void *);

SWIFT void lock(uint32_t seen, SELF) __asm__(LOCK);
SWIFT bool try_lock(SELF) __asm__(TRY);
SWIFT void unlock(SELF) __asm__(UNLOCK);

SWIFT void lock(uint32_t seen, SELF)
{
    SWIFT void (*wait)(uint32_t, SELF) = dlsym(RTLD_NEXT, LOCK);
    wait(seen, mutex);
    if (__tsan_acquire) __tsan_acquire(mutex);
}

SWIFT bool try_lock(SELF)
{
    SWIFT bool (*take)(SELF) = dlsym(RTLD_NEXT, TRY);
    bool taken = take(mutex);
    if (taken && __tsan_acquire) __tsan_acquire(mutex);
    return taken;
}

SWIFT void unlock(SELF)
{
    SWIFT void (*wake)(SELF) = dlsym(RTLD_NEXT, UNLOCK);
    if (__tsan_release) __tsan_release(mutex);
    wake(mutex);
}

void swift_release(void *object)
{
    static void (*real)(void *);
    if (!real) real = dlsym(RTLD_NEXT, "swift_release");
    if (object && __tsan_release) __tsan_release(object);
    real(object);
}

static bool unique(void *object, bool is_unique)
{
    if (is_unique && object && __tsan_acquire) __tsan_acquire(object);
    return is_unique;
}

bool swift_isUniquelyReferenced_native(void *object)
{
    static bool (*real)(void *);
    if (!real) real = dlsym(RTLD_NEXT, "swift_isUniquelyReferenced_native");
    return unique(object, real(object));
}

bool swift_isUniquelyReferenced_nonNull_native(void *object)
{
    static bool (*real)(void *);
    if (!real) real = dlsym(RTLD_NEXT, "swift_isUniquelyReferenced_nonNull_native");
    return unique(object, real(object));
}

SWIFT static void resume(const char *name, void *task)
{
    SWIFT void (*real)(void *) = dlsym(RTLD_NEXT, name);
    if (__tsan_release) __tsan_release(task);
    real(task);
}

SWIFT void swift_continuation_resume(void *task) { resume("swift_continuation_resume", task); }

SWIFT void swift_continuation_throwingResume(void *task)
{
    resume("swift_continuation_throwingResume", task);
}

SWIFT void swift_continuation_throwingResumeWithError(void *task, void *error)
{
    SWIFT void (*real)(void *, void *) = dlsym(RTLD_NEXT, "swift_continuation_throwingResumeWithError");
    if (__tsan_release) __tsan_release(task);
    real(task, error);
}

/* Where the resumption came first there is no job to run. */
ASYNC void swift_continuation_await(void *continuation)
{
    ASYNC void (*real)(void *) = dlsym(RTLD_NEXT, "swift_continuation_await");
    if (__tsan_acquire) __tsan_acquire(swift_task_getCurrent());
    __attribute__((musttail)) return real(continuation);
}

SWIFT void swift_job_run(void *job, void *executor, uintptr_t implementation)
{
    SWIFT void (*real)(void *, void *, uintptr_t) = dlsym(RTLD_NEXT, "swift_job_run");
    if (__tsan_acquire) __tsan_acquire(job);
    real(job, executor, implementation);
}
