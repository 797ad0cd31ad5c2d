// Descriptors that are no TCP sockets: pipes, eventfds, files, and one that is closed.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <array>
#include <cstdint>

#include "common/error.hpp"
#include "labs/00_readiness/states.hpp"

namespace lab00 {
namespace {

using mux::check;
using mux::UniqueFd;

struct Pipe {
  UniqueFd reader, writer;

  Pipe() {
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC), "pipe2");
    reader.reset(ends[0]);
    writer.reset(ends[1]);
  }
};

Scene readerGone() {
  Pipe pipe;
  pipe.reader.reset();
  return sceneOf(std::move(pipe.writer));
}

Scene writerGone() {
  Pipe pipe;
  pipe.writer.reset();
  return sceneOf(std::move(pipe.reader));
}

Scene writerGoneWithData() {
  Pipe pipe;
  check(static_cast<int>(::write(pipe.writer.get(), "x", 1)), "write");
  pipe.writer.reset();
  return sceneOf(std::move(pipe.reader));
}

Scene eventfdWith(std::uint64_t counter) {
  UniqueFd fd(check(::eventfd(0, EFD_CLOEXEC), "eventfd"));
  check(static_cast<int>(::write(fd.get(), &counter, sizeof counter)), "write");
  return sceneOf(std::move(fd));
}

Scene regularFile() {
  // A file in memory is a regular file like any other, and needs no disk.
  return sceneOf(UniqueFd(check(::memfd_create("readiness", MFD_CLOEXEC), "memfd_create")));
}

// A number that was open a moment ago. New descriptors get the lowest free number, so with three
// free ones below it nothing that the question itself opens can take its place.
Scene closedDescriptor() {
  std::array<UniqueFd, 4> fds;
  for (UniqueFd& fd : fds) fd.reset(check(::eventfd(0, EFD_CLOEXEC), "eventfd"));
  Scene scene;
  for (const UniqueFd& fd : fds) scene.watched = std::max(scene.watched, fd.get());
  return scene;
}

}  // namespace

Group otherStates() {
  return {
      "Pipes, eventfds, files",
      {
          {"pipe-reader-gone", "the write end of a pipe without a reader",
           "A write would fail with EPIPE at once: OUT and ERR (poll(2)). select reports ERR in "
           "both sets, so it calls even a descriptor readable that is open for writing only.",
           readerGone},
          {"pipe-writer-gone", "the read end of an empty pipe without a writer",
           "read would return 0, and a socket would say IN for that. A pipe says HUP alone: a loop "
           "that only tests for IN never learns that its pipe has ended.",
           writerGone},
          {"pipe-writer-gone-data", "the same, with one byte unread",
           "Both: first the byte, then the end. HUP does not mean empty.", writerGoneWithData},
          {"eventfd-zero", "an eventfd whose counter is 0",
           "read would block until the counter is not 0; a write of 1 would not (eventfd(2)).",
           [] { return eventfdWith(0); }},
          {"eventfd-set", "an eventfd whose counter is 1",
           "The counter can be read, which sets it to 0 again. Lab 05 wakes its loops with this.",
           [] { return eventfdWith(1); }},
          {"eventfd-full", "an eventfd whose counter is at its maximum, 2^64 - 2",
           "Even a write of 1 would block now, so OUT is gone. It still wakes whoever waits for "
           "IN.",
           [] { return eventfdWith(UINT64_MAX - 1); }},
          {"regular-file", "a regular file",
           "Files are always ready for select and poll, however slow the disk is. epoll refuses "
           "what cannot wake anybody: EPERM (epoll_ctl(2)).",
           regularFile},
          {"closed", "a descriptor that has been closed",
           "poll reports NVAL in that entry and goes on; select fails as a whole with EBADF and "
           "does "
           "not say which descriptor it was; epoll_ctl fails with EBADF.",
           closedDescriptor},
      },
  };
}

}  // namespace lab00
