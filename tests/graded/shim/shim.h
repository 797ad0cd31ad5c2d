// What every wrapped call does around the real one.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "layout.h"

// A program may have functions of these names.
#pragma GCC visibility push(hidden)

// The next definition of a function after ours: the sanitizer's or libc's. Ends the program if
// there is none.
void* findNext(const char* name);

// `static` makes the search happen once; two threads that both search find the same.
#define NEXT(name)                      \
  static __typeof__(&name) next = NULL; \
  if (next == NULL) next = (__typeof__(&name))(uintptr_t)findNext(#name)

// Before and after the real call: counts it, and holds the thread if a trap says so. errno is kept.
void enterCall(enum Call call, int fd);
void leaveCall(enum Call call, int fd);
void holdAgain(enum Call call, int fd);  // as enterCall(), but it is the same call: not counted

// True if the wait was ended by us and not by anything the program knows of: make it again.
bool waitWasKicked(int result);
void forgetKick(void);

// kRecv or kRead, kSend or kWrite.
enum Call readingFrom(int fd);
enum Call writingTo(int fd);

// The size to make the call with.
size_t clampRecv(enum Call call, int fd, size_t size);
size_t clampSend(enum Call call, int fd, size_t size);

// After the real call, before leaveCall(): what it moved.
void moved(enum Call call, ssize_t result);

#pragma GCC visibility pop
