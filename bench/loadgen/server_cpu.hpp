// Processor time of another process, by the kernel's own books.
#pragma once

#include <cstdint>

namespace loadgen {

// Waits until every thread of the process sleeps: its figures are brought up to date when it does.
void awaitRest(int pid);

// Nanoseconds so far, of all its threads. Throws std::system_error if there is no such process.
std::uint64_t cpuOf(int pid);

}  // namespace loadgen
