// What the shim and the test suite (tools/muxlab/grading/gate.py) share: one struct in a file that
// both have mapped.
#pragma once

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>

// The kinds of calls that are counted and can be held. A kind is a bit in Trap::calls.
enum Call {
  kWait,      // select, poll, epoll_wait and their relatives
  kAccept,    // accept, accept4
  kRecv,      // whatever reads from a TCP socket
  kSend,      // whatever writes to one
  kRead,      // whatever reads from an eventfd, a pipe, another socket …
  kWrite,     // … and whatever writes to one; files, and 0 to 2, are left alone
  kClose,     // close
  kEpollCtl,  // epoll_ctl
  kLock,      // pthread_mutex_lock
  kUnlock,    // pthread_mutex_unlock
  kCallCount
};

enum {
  kTraps = 8,  // at the same time
  kHeld = 64,  // threads in one trap: as many as a server under test may have
  kKick = 63,  // the real-time signal that gets a thread out of its wait call, so that a trap can
               // hold it
};

// Shortens the size that a call is made with; the call itself is real.
struct Clamp {
  _Atomic uint32_t bytes;  // 0: off
  _Atomic uint32_t calls;  // how many are still to be shortened; UINT32_MAX: all
  int32_t fd;              // -1: all TCP sockets
  uint32_t unused;
};

// Holds the threads that make a call. Filled in first, then armed.
struct Trap {
  _Atomic uint32_t
      turn;         // odd: armed. A thread is held until this is another number than when it came.
  uint32_t calls;   // bits of enum Call
  uint32_t after;   // 0: before the real call, 1: after it
  int32_t fd;       // -1: any
  uint32_t thread;  // 0: any
  uint32_t capacity;             // this many at a time; the others pass
  _Atomic uint32_t skip;         // this many pass first
  _Atomic uint32_t caught;       // how many so far: changes whenever a thread is held
  _Atomic uint32_t held[kHeld];  // their numbers; 0: a free place
};

struct Control {
  _Atomic uint32_t
      size;  // of this struct, written when the shim is ready: proof that it was loaded
  _Atomic uint32_t armed;      // the bits of all armed traps: nothing is looked at while it is 0
  _Atomic uint32_t fruitless;  // calls since a byte was moved or a client accepted: a spinning
                               // server's grow for ever
  _Atomic uint64_t received;   // bytes, from TCP sockets
  _Atomic uint64_t sent;       // bytes, to TCP sockets
  _Atomic uint64_t accepted;   // clients
  _Atomic uint64_t counts[kCallCount];
  struct Clamp recv, send;
  struct Trap traps[kTraps];
};

static_assert(sizeof(struct Clamp) == 16, "gate.py counts on it");
static_assert(sizeof(struct Trap) == 32 + 4 * kHeld, "gate.py counts on it");
static_assert(sizeof(struct Control) ==
                  16 + 8 * (3 + kCallCount) + 32 + kTraps * sizeof(struct Trap),
              "gate.py, too");
