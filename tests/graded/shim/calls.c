// The calls that the shim stands in front of. Each does what its name says, with the real one,
// between enterCall() and leaveCall().
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "shim.h"

// ---- waiting
// -------------------------------------------------------------------------------------------------------

// A wait that we end is made again, for what is left of its time.
typedef struct {
  bool forEver;
  struct timespec at;
} Deadline;

static const long kNanosPerSecond = 1000 * 1000 * 1000;

static Deadline deadlineIn(const struct timespec* timeout) {
  Deadline deadline = {.forEver = timeout == NULL};
  if (timeout == NULL) return deadline;
  clock_gettime(CLOCK_MONOTONIC, &deadline.at);
  deadline.at.tv_sec += timeout->tv_sec;
  deadline.at.tv_nsec += timeout->tv_nsec;
  if (deadline.at.tv_nsec >= kNanosPerSecond) {
    deadline.at.tv_nsec -= kNanosPerSecond;
    ++deadline.at.tv_sec;
  }
  return deadline;
}

static Deadline deadlineInMs(int timeoutMs) {
  const struct timespec timeout = {timeoutMs / 1000, timeoutMs % 1000 * 1000000L};
  return deadlineIn(timeoutMs < 0 ? NULL : &timeout);
}

static struct timespec timeLeft(Deadline deadline) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  struct timespec left = {deadline.at.tv_sec - now.tv_sec, deadline.at.tv_nsec - now.tv_nsec};
  if (left.tv_nsec < 0) {
    left.tv_nsec += kNanosPerSecond;
    --left.tv_sec;
  }
  if (left.tv_sec < 0) left = (struct timespec){0, 0};
  return left;
}

static int msLeft(Deadline deadline, int otherwise) {
  if (deadline.forEver) return otherwise;
  const struct timespec left = timeLeft(deadline);
  const long long ms =
      left.tv_sec * 1000LL + (left.tv_nsec + 999999) / 1000000;  // up: not a wait of no time
  return ms > INT_MAX ? INT_MAX : (int)ms;
}

// The mask that a wait call puts in place, without the signal that we need.
static const sigset_t* letKickIn(const sigset_t* mask, sigset_t* copy) {
  if (mask == NULL) return NULL;
  *copy = *mask;
  sigdelset(copy, kKick);
  return copy;
}

// `CALL` is the real call, with its time out in `MS` or `LEFT`.
#define WAIT(CALL, AGAIN)         \
  enterCall(kWait, -1);           \
  forgetKick();                   \
  int result = (CALL);            \
  while (waitWasKicked(result)) { \
    holdAgain(kWait, -1);         \
    forgetKick();                 \
    result = (AGAIN);             \
  }                               \
  leaveCall(kWait, -1);           \
  return result

int select(int nfds, fd_set* reads, fd_set* writes, fd_set* excepts, struct timeval* timeout) {
  NEXT(select);
  // The kernel has left the sets as they were, and in *timeout what is left of it.
  WAIT(next(nfds, reads, writes, excepts, timeout), next(nfds, reads, writes, excepts, timeout));
}

int pselect(int nfds, fd_set* reads, fd_set* writes, fd_set* excepts,
            const struct timespec* timeout, const sigset_t* mask) {
  NEXT(pselect);
  sigset_t copy;
  const sigset_t* const ours = letKickIn(mask, &copy);
  const Deadline deadline = deadlineIn(timeout);
  struct timespec left;
  WAIT(next(nfds, reads, writes, excepts, timeout, ours),
       next(nfds, reads, writes, excepts,
            deadline.forEver ? NULL : (left = timeLeft(deadline), &left), ours));
}

int poll(struct pollfd* entries, nfds_t count, int timeoutMs) {
  NEXT(poll);
  const Deadline deadline = deadlineInMs(timeoutMs);
  WAIT(next(entries, count, timeoutMs), next(entries, count, msLeft(deadline, timeoutMs)));
}

int ppoll(struct pollfd* entries, nfds_t count, const struct timespec* timeout,
          const sigset_t* mask) {
  NEXT(ppoll);
  sigset_t copy;
  const sigset_t* const ours = letKickIn(mask, &copy);
  const Deadline deadline = deadlineIn(timeout);
  struct timespec left;
  WAIT(next(entries, count, timeout, ours),
       next(entries, count, deadline.forEver ? NULL : (left = timeLeft(deadline), &left), ours));
}

int epoll_wait(int epoll, struct epoll_event* events, int most, int timeoutMs) {
  NEXT(epoll_wait);
  const Deadline deadline = deadlineInMs(timeoutMs);
  WAIT(next(epoll, events, most, timeoutMs),
       next(epoll, events, most, msLeft(deadline, timeoutMs)));
}

int epoll_pwait(int epoll, struct epoll_event* events, int most, int timeoutMs,
                const sigset_t* mask) {
  NEXT(epoll_pwait);
  sigset_t copy;
  const sigset_t* const ours = letKickIn(mask, &copy);
  const Deadline deadline = deadlineInMs(timeoutMs);
  WAIT(next(epoll, events, most, timeoutMs, ours),
       next(epoll, events, most, msLeft(deadline, timeoutMs), ours));
}

#if __GLIBC_PREREQ(2, 35)
int epoll_pwait2(int epoll, struct epoll_event* events, int most, const struct timespec* timeout,
                 const sigset_t* mask) {
  NEXT(epoll_pwait2);
  sigset_t copy;
  const sigset_t* const ours = letKickIn(mask, &copy);
  const Deadline deadline = deadlineIn(timeout);
  struct timespec left;
  WAIT(next(epoll, events, most, timeout, ours),
       next(epoll, events, most, deadline.forEver ? NULL : (left = timeLeft(deadline), &left),
            ours));
}
#endif

// A program that blocks every signal keeps ours out too, and could not be held while it waits.
int pthread_sigmask(int how, const sigset_t* set, sigset_t* old) {
  NEXT(pthread_sigmask);
  sigset_t copy;
  return next(how, how == SIG_UNBLOCK ? set : letKickIn(set, &copy), old);
}

int sigprocmask(int how, const sigset_t* set, sigset_t* old) {
  NEXT(sigprocmask);
  sigset_t copy;
  return next(how, how == SIG_UNBLOCK ? set : letKickIn(set, &copy), old);
}

// ---- accepting, closing, registering
// -------------------------------------------------------------------------------

#define AROUND(CALL_KIND, FD, TYPE, CALL) \
  enterCall(CALL_KIND, FD);               \
  const TYPE result = (CALL);             \
  moved(CALL_KIND, result);               \
  leaveCall(CALL_KIND, FD);               \
  return result

int accept(int fd, struct sockaddr* address, socklen_t* length) {
  NEXT(accept);
  AROUND(kAccept, fd, int, next(fd, address, length));
}

int accept4(int fd, struct sockaddr* address, socklen_t* length, int flags) {
  NEXT(accept4);
  AROUND(kAccept, fd, int, next(fd, address, length, flags));
}

int close(int fd) {
  NEXT(close);
  AROUND(kClose, fd, int, next(fd));
}

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event* event) {
  NEXT(epoll_ctl);
  AROUND(kEpollCtl, fd, int, next(epoll, operation, fd, event));
}

int pthread_mutex_lock(pthread_mutex_t* mutex) {
  NEXT(pthread_mutex_lock);
  AROUND(kLock, -1, int, next(mutex));
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) {
  NEXT(pthread_mutex_unlock);
  AROUND(kUnlock, -1, int, next(mutex));
}

// ---- reading and writing
// -------------------------------------------------------------------------------------------

ssize_t recv(int fd, void* into, size_t size, int flags) {
  NEXT(recv);
  const enum Call call = readingFrom(fd);
  AROUND(call, fd, ssize_t, next(fd, into, clampRecv(call, fd, size), flags));
}

ssize_t recvfrom(int fd, void* into, size_t size, int flags, struct sockaddr* address,
                 socklen_t* length) {
  NEXT(recvfrom);
  const enum Call call = readingFrom(fd);
  AROUND(call, fd, ssize_t, next(fd, into, clampRecv(call, fd, size), flags, address, length));
}

ssize_t read(int fd, void* into, size_t size) {
  NEXT(read);
  const enum Call call = readingFrom(fd);
  AROUND(call, fd, ssize_t, next(fd, into, clampRecv(call, fd, size)));
}

ssize_t send(int fd, const void* from, size_t size, int flags) {
  NEXT(send);
  const enum Call call = writingTo(fd);
  AROUND(call, fd, ssize_t, next(fd, from, clampSend(call, fd, size), flags));
}

ssize_t sendto(int fd, const void* from, size_t size, int flags, const struct sockaddr* address,
               socklen_t length) {
  NEXT(sendto);
  const enum Call call = writingTo(fd);
  AROUND(call, fd, ssize_t, next(fd, from, clampSend(call, fd, size), flags, address, length));
}

ssize_t write(int fd, const void* from, size_t size) {
  NEXT(write);
  const enum Call call = writingTo(fd);
  AROUND(call, fd, ssize_t, next(fd, from, clampSend(call, fd, size)));
}

static size_t total(const struct iovec* pieces, size_t count) {
  size_t bytes = 0;
  for (size_t i = 0; i < count; ++i) bytes += pieces[i].iov_len;
  return bytes;
}

// The first `bytes` bytes of the pieces, in `copy`. Returns how many pieces that is.
static size_t cut(const struct iovec* pieces, size_t count, size_t bytes, struct iovec* copy) {
  size_t i = 0;
  for (; i < count && bytes > 0; ++i) {
    copy[i] = pieces[i];
    if (copy[i].iov_len > bytes) copy[i].iov_len = bytes;
    bytes -= copy[i].iov_len;
  }
  return i;
}

// The pieces to make the call with: the caller's own, or fewer bytes of them in `copy`. A count
// that makes no sense, negative for one, is for the kernel to refuse.
#define CUT_PIECES(CLAMP, PIECES, COUNT)            \
  struct iovec copy[IOV_MAX];                       \
  const struct iovec* ours = (PIECES);              \
  size_t oursCount = (size_t)(COUNT);               \
  if (oursCount <= IOV_MAX) {                       \
    const size_t all = total(ours, oursCount);      \
    const size_t size = CLAMP(call, fd, all);       \
    if (size < all) {                               \
      oursCount = cut(ours, oursCount, size, copy); \
      ours = copy;                                  \
    }                                               \
  }

ssize_t readv(int fd, const struct iovec* pieces, int count) {
  NEXT(readv);
  const enum Call call = readingFrom(fd);
  CUT_PIECES(clampRecv, pieces, count)
  AROUND(call, fd, ssize_t, next(fd, ours, (int)oursCount));
}

ssize_t writev(int fd, const struct iovec* pieces, int count) {
  NEXT(writev);
  const enum Call call = writingTo(fd);
  CUT_PIECES(clampSend, pieces, count)
  AROUND(call, fd, ssize_t, next(fd, ours, (int)oursCount));
}

ssize_t recvmsg(int fd, struct msghdr* message, int flags) {
  NEXT(recvmsg);
  const enum Call call = readingFrom(fd);
  CUT_PIECES(clampRecv, message->msg_iov, message->msg_iovlen)
  struct iovec* const theirs = message->msg_iov;
  const size_t theirsCount = message->msg_iovlen;
  enterCall(call, fd);
  message->msg_iov = (struct iovec*)ours;
  message->msg_iovlen = oursCount;
  const ssize_t result = next(fd, message, flags);
  message->msg_iov = theirs;
  message->msg_iovlen = theirsCount;
  moved(call, result);
  leaveCall(call, fd);
  return result;
}

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  NEXT(sendmsg);
  const enum Call call = writingTo(fd);
  CUT_PIECES(clampSend, message->msg_iov, message->msg_iovlen)
  struct msghdr shorter = *message;
  shorter.msg_iov = (struct iovec*)ours;
  shorter.msg_iovlen = oursCount;
  AROUND(call, fd, ssize_t, next(fd, &shorter, flags));
}

int eventfd_read(int fd, eventfd_t* value) {
  NEXT(eventfd_read);
  AROUND(readingFrom(fd), fd, int, next(fd, value));
}

int eventfd_write(int fd, eventfd_t value) {
  NEXT(eventfd_write);
  AROUND(writingTo(fd), fd, int, next(fd, value));
}

// ---- what _FORTIFY_SOURCE makes of some of them
// --------------------------------------------------------------------

// A size that does not fit is libc's to report: the real function gets it, and ends the program.
#define FORTIFIED(FITS, TYPE, NAME, PARAMETERS, ARGUMENTS, PLAIN) \
  TYPE NAME PARAMETERS;                                           \
  TYPE NAME PARAMETERS {                                          \
    NEXT(NAME);                                                   \
    return (FITS) ? (PLAIN) : next ARGUMENTS;                     \
  }

FORTIFIED(size <= room, ssize_t, __recv_chk,
          (int fd, void* into, size_t size, size_t room, int flags), (fd, into, size, room, flags),
          recv(fd, into, size, flags))
FORTIFIED(size <= room, ssize_t, __recvfrom_chk,
          (int fd, void* into, size_t size, size_t room, int flags, struct sockaddr* address,
           socklen_t* length),
          (fd, into, size, room, flags, address, length),
          recvfrom(fd, into, size, flags, address, length))
FORTIFIED(size <= room, ssize_t, __read_chk, (int fd, void* into, size_t size, size_t room),
          (fd, into, size, room), read(fd, into, size))
FORTIFIED(count <= room / sizeof *entries, int, __poll_chk,
          (struct pollfd * entries, nfds_t count, int timeoutMs, size_t room),
          (entries, count, timeoutMs, room), poll(entries, count, timeoutMs))
FORTIFIED(count <= room / sizeof *entries, int, __ppoll_chk,
          (struct pollfd * entries, nfds_t count, const struct timespec* timeout,
           const sigset_t* mask, size_t room),
          (entries, count, timeout, mask, room), ppoll(entries, count, timeout, mask))
