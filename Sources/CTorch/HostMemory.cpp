// Large blocks of host memory are kept for the next tensor of about their size.
//
// The C library hands them back to the kernel at once, which clears every page of the next: a fifth of a denoiser's
// step on eight samples. Kept are as many as fit, with those in use, into the most that was ever in use and a spare;
// else the one that has been kept longest goes.
#include "HostMemory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>

#include <algorithm>
#include <list>
#include <mutex>
#include <unordered_map>

namespace {

// Smaller ones the C library keeps by itself.
constexpr size_t smallest = 1 << 20;
// Sizes change from layer to layer: without a spare one tensor in five finds no block in that step, with it one in
// eleven.
constexpr size_t spare = 1 << 30;

class Blocks {
public:
    void *take(size_t size) {
        const std::lock_guard lock(mutex);
        if (void *const address = take_kept(size)) return address;
        // What is in use is counted when it is there: a request that fails must not widen the bound.
        const size_t used_then = in_use + size;
        let_go_until(std::max(most_used, used_then) + spare - used_then);
        void *address;
        try {
            address = c10::alloc_cpu(size);
        } catch (...) {
            if (kept.empty()) throw;
            let_go_until(0);
            address = c10::alloc_cpu(size);
        }
        lend({address, size});
        return address;
    }

    // False for memory that is none of these blocks.
    bool give_back(void *address) {
        const std::lock_guard lock(mutex);
        const auto block = lent.find(address);
        if (block == lent.end()) return false;
        in_use -= block->second;
        in_reserve += block->second;
        kept.push_back({address, block->second});
        lent.erase(block);
        return true;
    }

private:
    struct Block {
        void *address;
        size_t size;
    };

    // The smallest that fits with at most an eighth left over; of equals the latest, which caches may still hold.
    void *take_kept(size_t size) {
        auto best = kept.end();
        for (auto block = kept.begin(); block != kept.end(); ++block) {
            const bool fits = block->size >= size && block->size - size <= size / 8;
            if (fits && (best == kept.end() || block->size <= best->size)) best = block;
        }
        if (best == kept.end()) return nullptr;
        const Block block = *best;
        kept.erase(best);
        in_reserve -= block.size;
        lend(block);
        return block.address;
    }

    void lend(Block block) {
        lent.emplace(block.address, block.size);
        in_use += block.size;
        most_used = std::max(most_used, in_use);
    }

    void let_go_until(size_t limit) {
        while (in_reserve > limit) {
            in_reserve -= kept.front().size;
            c10::free_cpu(kept.front().address);
            kept.pop_front();
        }
    }

    std::mutex mutex;
    std::unordered_map<void *, size_t> lent;
    std::list<Block> kept;  // the longest kept first
    size_t in_use = 0, in_reserve = 0, most_used = 0;
};

// Never destroyed: tensors of other static objects may outlive it.
Blocks &blocks() {
    static auto *const all = new Blocks;
    return *all;
}

struct HostMemory final : c10::Allocator {
    c10::DataPtr allocate(size_t size) override {
        void *const address = size < smallest ? c10::alloc_cpu(size) : blocks().take(size);
        return {address, address, &release, c10::Device(c10::DeviceType::CPU)};
    }
    c10::DeleterFnPtr raw_deleter() const override { return &release; }
    void copy_data(void *to, const void *from, size_t count) const override { default_copy_data(to, from, count); }

private:
    static void release(void *address) {
        if (address != nullptr && !blocks().give_back(address)) c10::free_cpu(address);
    }
};

}  // namespace

void seehear::keep_host_memory() {
    // Never destroyed either: threads may still compute when the process exits.
    static auto *const memory = new HostMemory;
    c10::SetCPUAllocator(memory, /*priority=*/1);
}
