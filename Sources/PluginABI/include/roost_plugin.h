/* The contract between the Roost host and a model plugin, version 1.
 *
 * A plugin is a shared library that exports one function, roost_plugin_query_v1. It returns a table
 * of functions; from there the host opens a model, makes contexts, and asks for abilities
 * ("extensions") by string id. C99, C11, C17 and C++17 read these files; every structure has the
 * same layout on every 64-bit platform and no implicit padding (see abi_v1_layout.c and abi.json).
 *
 * PRINCIPLES
 *
 * 1. The host owns every loop; a plugin exposes steps. To cancel means not to call again.
 * 2. Every call is scalars, borrowed input buffers and host-owned output buffers or sinks, so that
 *    the same library serves inside the host or in a worker process.
 * 3. The host owns the tokens, the sampler and its random state. A stream can continue after a
 *    reload or a crash by feeding its tokens to a fresh context.
 * 4. Additive forever. Tables carry their size in `struct_size` and only grow; a member is read
 *    only under ROOST_HAS. An incompatible change is a new symbol or a new extension id.
 * 5. No policy in plugins: no stdout, signal handlers, setlocale, exit, nor undeclared threads.
 *
 * MEMORY. What a pointer argument points to is lent for the call, unless the member says "until".
 * Strings are UTF-8 with a length and need no terminating NUL.
 *
 * THREADS. Every function carries one tag at the end of its comment.
 *   [any]   from any thread, concurrently with every other call.
 *   [load]  on a loader thread; may block; one at a time per plugin, unless ROOST_PLUGIN_PARALLEL_OPEN.
 *   [lane]  one at a time per context; the thread may differ from call to call.
 * No exception, panic or longjmp may cross a function of these files.
 *
 * STATES
 *   object   states                           legal calls
 *   image    mapped                           roost_plugin_query_v1, any number of times, any thread
 *   plugin   detached > attached > detached   attach once per image (a second is ROOST_E_BUSY); then
 *                                             probe and open; detach only with no model open, never
 *                                             after an attach that failed
 *   model    open > closed                    info_json, extension, and [any] calls of extensions
 *                                             until close; close only with no context left
 *   context  idle > in call > idle; poisoned  one call at a time; after ROOST_ERR_*_POISONED only
 *                                             context_free, which is legal with sequences in it but
 *                                             not with jobs
 *   job      running > done > ended           step, preview, advance until done; then finish; end
 *                                             exactly once, from any state, also after an error
 *
 * Short paths that must work: query alone; attach, detach; open, close; a context never called;
 * begin, end; any failed call followed by the matching release.
 *
 * FAILURE. Every function that returns roost_status takes a roost_call last. It returns ROOST_OK or a
 * negative code, fills call->err with a sentence, and leaves everything as it was before the call,
 * unless its comment or the error's flags say otherwise. Outputs are undefined after a failure. A
 * function without a status cannot fail (close, context_free, detach, end), or has one answer that
 * says so (NULL of extension and alloc, a nonzero put, a negative get). The host's map_file is given
 * the call that the plugin is in, so that its sentence is the plugin's.
 */
#ifndef ROOST_PLUGIN_H
#define ROOST_PLUGIN_H

#include "roost/base.h"
#include "roost/host.h"
#include "roost/plugin.h"

/* One header for each extension; a plugin includes "roost/plugin.h" and those of its own. */
#include "roost/tokens.h"
#include "roost/decode.h"
#include "roost/adapters.h"
#include "roost/seqio.h"
#include "roost/encode.h"
#include "roost/vectors.h"
#include "roost/image.h"
#include "roost/task.h"
#include "roost/selftest.h"

#endif /* ROOST_PLUGIN_H */
