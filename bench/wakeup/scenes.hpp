// What is measured. Each of these adds its benchmarks to Google Benchmark's list.
#pragma once

#include <string>

namespace wakeup {

// blocking/CHANNEL, epoll/CHANNEL, loop/LOOP: two threads wake each other in turn. The time is that
// of one whole round, there and back; the counters p50 and p99 are in microseconds.
void registerRoundTrips();

// busy/LOOP: one thread posts without a pause. sleeping/LOOP: one task at a time, to a loop that
// sleeps. bare/WAKER: each wake-up is a system call, with no queue that could save it. The counter
// `writes` is system calls that write, by the posting thread, for each post.
void registerPosts();

// To be run under strace: posts to the loop of this name, one task at a time, each when the one
// before has run. All calls of both threads then belong to the posts. False if no loop is called
// so.
bool postOneByOne(const std::string& loop, int posts);

// holds/WAKER: what one channel takes: the counters `descriptors`, `ports`, and `kernelBytes` (of
// the kernel's slab, an estimate from many at once).
void registerChannels();

}  // namespace wakeup
