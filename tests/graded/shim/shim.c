// Counts, shortens and holds the calls of the program it is preloaded into, as the test suite tells
// it to.
//
// The suite and the shim talk through a file that both map: the program keeps every one of its
// descriptor numbers.
#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static struct Control* control;  // NULL until the file is mapped, and for good if there is none

// initial-exec: a signal handler must not be the one that makes a thread's copy.
static __thread volatile sig_atomic_t kicked __attribute__((tls_model("initial-exec")));

static void onKick(int number) {
  (void)number;
  kicked = 1;
}

__attribute__((constructor)) static void start(void) {
  const char* path = getenv("MUXLAB_GATE");
  if (path == NULL) return;
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd == -1) return;
  void* mapped = mmap(NULL, sizeof(struct Control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);  // the number is free again before main() runs
  if (mapped == MAP_FAILED) return;

  // Past the sanitizers, which would put the signal off until it suits them.
  int (*setAction)(int, const struct sigaction*, struct sigaction*) =
      (int (*)(int, const struct sigaction*, struct sigaction*))(uintptr_t)findNext("sigaction");
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = onKick;
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  setAction(kKick, &action, NULL);

  control = mapped;
  atomic_store(&control->size, (uint32_t)sizeof(struct Control));
}

void* findNext(const char* name) {
  void* found = dlsym(RTLD_NEXT, name);
  if (found == NULL) abort();
  return found;
}

static void futexWait(_Atomic uint32_t* word, uint32_t value) {
  syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void futexWake(_Atomic uint32_t* word) {
  syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

static _Atomic uint32_t* takePlace(struct Trap* trap, uint32_t thread) {
  for (uint32_t i = 0; i < trap->capacity && i < kHeld; ++i) {
    uint32_t nobody = 0;
    if (atomic_compare_exchange_strong(&trap->held[i], &nobody, thread)) return &trap->held[i];
  }
  return NULL;
}

static bool passesFirst(struct Trap* trap) {
  uint32_t left = atomic_load(&trap->skip);
  while (left != 0) {
    if (atomic_compare_exchange_weak(&trap->skip, &left, left - 1)) return true;
  }
  return false;
}

static void hold(enum Call call, int fd, uint32_t after) {
  if (control == NULL || !(atomic_load(&control->armed) & (1u << call))) return;
  const int saved = errno;
  const uint32_t thread = (uint32_t)syscall(SYS_gettid);
  for (struct Trap* trap = control->traps; trap != control->traps + kTraps; ++trap) {
    const uint32_t turn = atomic_load(&trap->turn);
    if (!(turn & 1) || !(trap->calls & (1u << call)) || trap->after != after) continue;
    if (trap->fd != -1 && trap->fd != fd) continue;
    if (trap->thread != 0 && trap->thread != thread) continue;
    if (passesFirst(trap)) continue;
    _Atomic uint32_t* place = takePlace(trap, thread);
    if (place == NULL) continue;
    atomic_fetch_add(&trap->caught, 1);
    futexWake(&trap->caught);
    while (atomic_load(&trap->turn) == turn) futexWait(&trap->turn, turn);
    atomic_store(place, 0);
  }
  errno = saved;
}

void enterCall(enum Call call, int fd) {
  if (control != NULL && call < kLock) {
    atomic_fetch_add(&control->counts[call], 1);
    if (call <= kSend) atomic_fetch_add(&control->fruitless, 1);
  }
  hold(call, fd, 0);
}

void holdAgain(enum Call call, int fd) {
  hold(call, fd, 0);
}

void leaveCall(enum Call call, int fd) {
  hold(call, fd, 1);
}

void forgetKick(void) {
  kicked = 0;
}

bool waitWasKicked(int result) {
  if (result != -1 || errno != EINTR || !kicked) return false;
  kicked = 0;
  return true;
}

// Asked anew each time: numbers are reused, and the answer is cheap.
static bool isTcp(int fd) {
  int protocol = 0;
  socklen_t length = sizeof protocol;
  const int saved = errno;
  const long result = syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &length);
  errno = saved;
  return result == 0 && (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP);
}

// Log files, and what the program says on its terminal, are none of our business.
static bool isPlain(int fd) {
  if (fd <= STDERR_FILENO) return true;
  struct stat about;
  const int saved = errno;
  const bool plain = fstat(fd, &about) == -1 || S_ISREG(about.st_mode);
  errno = saved;
  return plain;
}

enum Call readingFrom(int fd) {
  if (control == NULL) return kCallCount;
  if (isTcp(fd)) return kRecv;
  return isPlain(fd) ? kCallCount : kRead;
}

enum Call writingTo(int fd) {
  if (control == NULL) return kCallCount;
  if (isTcp(fd)) return kSend;
  return isPlain(fd) ? kCallCount : kWrite;
}

static size_t clamp(struct Clamp* how, int fd, size_t size) {
  const uint32_t bytes = atomic_load(&how->bytes);
  if (bytes == 0 || size <= bytes || (how->fd != -1 && how->fd != fd)) return size;
  uint32_t left = atomic_load(&how->calls);
  do {
    if (left == 0) return size;
  } while (left != UINT32_MAX && !atomic_compare_exchange_weak(&how->calls, &left, left - 1));
  return bytes;
}

size_t clampRecv(enum Call call, int fd, size_t size) {
  return call == kRecv ? clamp(&control->recv, fd, size) : size;
}

size_t clampSend(enum Call call, int fd, size_t size) {
  return call == kSend ? clamp(&control->send, fd, size) : size;
}

void moved(enum Call call, ssize_t result) {
  if (control == NULL || result < 0) return;
  if (call == kAccept) {
    atomic_fetch_add(&control->accepted, 1);
  } else if (call == kRecv && result > 0) {
    atomic_fetch_add(&control->received, (uint64_t)result);
  } else if (call == kSend && result > 0) {
    atomic_fetch_add(&control->sent, (uint64_t)result);
  } else {
    return;
  }
  atomic_store(&control->fruitless, 0);
}
