#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

// hnswlib prefetches the link after the last of a list: inside malloc's block, but beyond the
// requested size.
#if __has_feature(address_sanitizer)
#define NO_MANUAL_VECTORIZATION
#endif
#include <hnswlib/hnswlib.h>

extern "C" {
#include "kernels.h"
}

namespace {

// The content of a node: the scale, then the code.
struct Space final : hnswlib::SpaceInterface<float> {
    size_t stride;

    explicit Space(size_t dimensions) : stride(rv_stride(dimensions)) {}

    size_t get_data_size() override { return sizeof(float) + stride; }
    hnswlib::DISTFUNC<float> get_dist_func() override { return distance; }
    void *get_dist_func_param() override { return &stride; }

    // 1 - a·b, which for unit vectors is half their squared distance.
    static float distance(const void *a, const void *b, const void *stride)
    {
        float x, y;
        std::memcpy(&x, a, sizeof x);
        std::memcpy(&y, b, sizeof y);
        int32_t dot = rv_kernels_current()->code_dot(
            static_cast<const uint8_t *>(a) + sizeof x, static_cast<const uint8_t *>(b) + sizeof y,
            *static_cast<const size_t *>(stride));
        return 1 - x * y * static_cast<float>(dot);
    }
};

std::vector<char> node(const uint8_t *code, float scale, size_t stride)
{
    std::vector<char> bytes(sizeof scale + stride);
    std::memcpy(bytes.data(), &scale, sizeof scale);
    std::memcpy(bytes.data() + sizeof scale, code, stride);
    return bytes;
}

template <typename Body> auto caught(rv_error *error, Body body) -> decltype(body())
{
    try {
        return body();
    } catch (const std::exception &problem) {
        std::snprintf(error->text, sizeof error->text, "%s", problem.what());
        return {};
    }
}

}  // namespace

struct rv_graph {
    Space space;
    std::unique_ptr<hnswlib::HierarchicalNSW<float>> index;
    mutable std::shared_mutex lock;

    explicit rv_graph(size_t dimensions) : space(dimensions) {}
};

rv_graph *rv_graph_new(size_t dimensions, size_t capacity, size_t links, size_t effort,
                       rv_error *error)
{
    return caught(error, [&] {
        auto graph = std::make_unique<rv_graph>(dimensions);
        graph->index = std::make_unique<hnswlib::HierarchicalNSW<float>>(
            &graph->space, capacity, links, effort);
        return graph.release();
    });
}

rv_graph *rv_graph_load(const char *path, size_t dimensions, size_t capacity, rv_error *error)
{
    return caught(error, [&] {
        auto graph = std::make_unique<rv_graph>(dimensions);
        graph->index = std::make_unique<hnswlib::HierarchicalNSW<float>>(
            &graph->space, std::string(path), false, capacity);
        return graph.release();
    });
}

bool rv_graph_save(rv_graph *graph, const char *path, rv_error *error)
{
    return caught(error, [&] {
        std::shared_lock reading(graph->lock);
        graph->index->saveIndex(path);
        return true;
    });
}

void rv_graph_free(rv_graph *graph) { delete graph; }

size_t rv_graph_count(const rv_graph *graph)
{
    std::shared_lock reading(graph->lock);
    return graph->index->cur_element_count;
}

bool rv_graph_reserve(rv_graph *graph, size_t capacity, rv_error *error)
{
    return caught(error, [&] {
        std::unique_lock writing(graph->lock);
        if (capacity > graph->index->max_elements_) graph->index->resizeIndex(capacity);
        return true;
    });
}

bool rv_graph_add(rv_graph *graph, uint64_t key, const uint8_t *code, float scale, rv_error *error)
{
    return caught(error, [&] {
        auto bytes = node(code, scale, graph->space.stride);
        std::unique_lock writing(graph->lock);
        graph->index->addPoint(bytes.data(), key);
        return true;
    });
}

void rv_graph_remove(rv_graph *graph, uint64_t key)
{
    std::unique_lock writing(graph->lock);
    try {
        graph->index->markDelete(key);
    } catch (const std::exception &) {
        // Unknown or removed already.
    }
}

size_t rv_graph_search(rv_graph *graph, const uint8_t *code, float scale, size_t n, size_t effort,
                       rv_neighbor *out)
{
    rv_error ignored;
    return caught(&ignored, [&]() -> size_t {
        auto bytes = node(code, scale, graph->space.stride);
        std::shared_lock reading(graph->lock);
        if (graph->index->cur_element_count == 0) return 0;
        // hnswlib keeps max(ef, n) candidates; ef is a member that concurrent searches share.
        auto found = graph->index->searchKnn(bytes.data(), std::max(n, effort));
        while (found.size() > n) found.pop();
        size_t count = found.size();
        for (size_t i = count; i-- > 0; found.pop())
            out[i] = {1 - found.top().first, found.top().second};
        return count;
    });
}

bool rv_file_checksum(const char *path, uint64_t *size, uint64_t *checksum)
{
    std::unique_ptr<FILE, int (*)(FILE *)> file(std::fopen(path, "rb"), std::fclose);
    if (!file) return false;
    std::vector<uint64_t> words(1 << 16);
    uint64_t hash = 0xCBF29CE484222325, total = 0;
    while (size_t bytes = std::fread(words.data(), 1, words.size() * 8, file.get())) {
        total += bytes;
        std::memset(reinterpret_cast<char *>(words.data()) + bytes, 0, -bytes & 7);
        for (size_t i = 0; i < (bytes + 7) / 8; i++) hash = (hash ^ words[i]) * 0x100000001B3;
    }
    *size = total;
    *checksum = hash;
    return std::ferror(file.get()) == 0;
}
