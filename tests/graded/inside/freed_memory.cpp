// What is deleted is overwritten, so that to use it afterwards fails at once and every time. The
// sanitizers do this better; they need their own delete for it.
#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <new>

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MUXLAB_SANITIZED
#endif
#endif
#ifndef MUXLAB_SANITIZED

namespace {

constexpr int kFreed = 0xDD;  // as a pointer: an address that no process has

void overwriteAndFree(void* memory) noexcept {
  if (memory != nullptr) std::memset(memory, kFreed, ::malloc_usable_size(memory));
  __asm__ volatile("" : : "r"(memory) : "memory");  // or the compiler sees that nobody may look
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) {
  void* const memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void operator delete(void* memory) noexcept {
  overwriteAndFree(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
  overwriteAndFree(memory);
}

#endif
#endif
