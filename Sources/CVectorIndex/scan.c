#include <stdlib.h>

#include "kernels.h"

static bool is_worse(rv_hit a, rv_hit b)
{
    return a.score < b.score || (a.score == b.score && a.slot > b.slot);
}

static void sift_up(rv_hit *heap, size_t at)
{
    while (at > 0) {
        size_t parent = (at - 1) / 2;
        if (!is_worse(heap[at], heap[parent])) return;
        rv_hit moved = heap[at];
        heap[at] = heap[parent];
        heap[parent] = moved;
        at = parent;
    }
}

static void sift_down(rv_hit *heap, size_t count)
{
    size_t at = 0;
    while (true) {
        size_t worst = at, left = 2 * at + 1, right = left + 1;
        if (left < count && is_worse(heap[left], heap[worst])) worst = left;
        if (right < count && is_worse(heap[right], heap[worst])) worst = right;
        if (worst == at) return;
        rv_hit moved = heap[at];
        heap[at] = heap[worst];
        heap[worst] = moved;
        at = worst;
    }
}

/* Slots ascend, so a hit equal to the worst one kept ranks below it. */
static inline void keep(rv_best *best, float score, uint32_t slot)
{
    rv_hit hit = {score, slot};
    if (best->count < best->capacity) {
        if (!(score == score)) return;
        best->hit[best->count++] = hit;
        sift_up(best->hit, best->count - 1);
    } else if (best->capacity > 0 && score > best->hit[0].score) {
        best->hit[0] = hit;
        sift_down(best->hit, best->count);
    }
}

enum { CHUNK = 256 };

static inline bool is_allowed(const uint64_t *allowed, uint32_t slot)
{
    return !allowed || (allowed[slot >> 6] >> (slot & 63) & 1);
}

static bool any_allowed(const uint64_t *allowed, uint32_t first, size_t n)
{
    if (!allowed) return true;
    for (uint32_t word = first >> 6; word <= (first + (uint32_t)n - 1) >> 6; word++)
        if (allowed[word]) return true;
    return false;
}

void rv_scan(const rv_query *query, const uint8_t *code, const float *scale, size_t n,
             const uint64_t *allowed, uint32_t first, rv_best *best)
{
    const rv_kernels *kernels = rv_kernels_current();
    int32_t dot[CHUNK];
    for (size_t done = 0; done < n; done += CHUNK) {
        size_t some = n - done < CHUNK ? n - done : CHUNK;
        uint32_t slot = first + (uint32_t)done;
        if (!any_allowed(allowed, slot, some)) continue;
        kernels->dots(query, code + done * query->stride, some, dot);
        for (size_t i = 0; i < some; i++) {
            if (!is_allowed(allowed, slot + (uint32_t)i)) continue;
            keep(best, query->scale * scale[done + i] * (float)dot[i], slot + (uint32_t)i);
        }
    }
}

static int by_rank(const void *a, const void *b)
{
    const rv_hit *left = a, *right = b;
    return is_worse(*left, *right) ? 1 : is_worse(*right, *left) ? -1 : 0;
}

void rv_best_sort(rv_best *best)
{
    qsort(best->hit, best->count, sizeof *best->hit, by_rank);
}
