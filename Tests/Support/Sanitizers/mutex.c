/* Tells ThreadSanitizer what order `Synchronization.Mutex` keeps where somebody waits for it: that part of it lies in a
 * library that is not instrumented. The other part is inlined into our code, where the sanitizer sees it.
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
