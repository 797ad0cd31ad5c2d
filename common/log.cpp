#include "common/log.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>

#include "common/error.hpp"

namespace mux::log {
namespace {

constexpr std::array<const char*, 4> kNames{"debug", "info", "warn", "error"};

// A pipe takes a line of up to this many bytes whole or not at all: pipe(7).
constexpr std::size_t kMaxLine = PIPE_BUF;

const auto start = std::chrono::steady_clock::now();

}  // namespace

Level parseLevel(const std::string& name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<Level>(i);
  }
  throw UsageError("'" + name + "' is not one of debug, info, warn, error");
}

// O_NONBLOCK belongs to the open file, which a shell shares with everything it starts. Opening the
// same pipe or terminal again gives an open file of our own.
Sink::Sink(int fd) : fd_(fd) {
  struct stat about {};
  ::fstat(fd, &about);
  if (S_ISREG(about.st_mode)) {
    kind_ = Kind::File;  // never blocks for long, and its offset must stay the shared one
  } else if (S_ISSOCK(about.st_mode)) {
    kind_ = Kind::Socket;  // cannot be opened again, but send(2) has a flag for it
  } else {
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    own_.reset(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    kind_ = own_ ? Kind::NonBlocking : Kind::AskFirst;  // no /proc, or another user's terminal
  }
}

void Sink::write(std::string_view text) noexcept {
  if (const std::size_t lost = lost_.exchange(0); lost != 0) {
    std::array<char, 64> note;
    const int length =
        std::snprintf(note.data(), note.size(), "(%zu log lines lost: nobody read them)\n", lost);
    if (!tryWrite({note.data(), static_cast<std::size_t>(length)})) lost_ += lost;
  }
  if (!tryWrite(text)) ++lost_;
}

bool Sink::tryWrite(std::string_view text) const noexcept {
  ssize_t n = -1;
  switch (kind_) {
    case Kind::Socket:
      n = ::send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      break;
    case Kind::NonBlocking:
      n = ::write(own_.get(), text.data(), text.size());
      break;
    case Kind::AskFirst:
      if (pollfd room{fd_, POLLOUT, 0}; ::poll(&room, 1, 0) != 1) break;
      [[fallthrough]];
    case Kind::File:
      n = ::write(fd_, text.data(), text.size());
      break;
  }
  return n == static_cast<ssize_t>(text.size());
}

Sink& stderrSink() {
  static Sink& sink = *new Sink(STDERR_FILENO);  // never destroyed: threads may log to the very end
  return sink;
}

void writeLine(Level level, std::string_view text) {
  static thread_local const int thread = ::gettid();
  const std::chrono::duration<double> age = std::chrono::steady_clock::now() - start;

  std::array<char, 64> prefix;
  std::snprintf(prefix.data(), prefix.size(), "%10.6f %6d %-5s ", age.count(), thread,
                kNames[static_cast<std::size_t>(level)]);
  std::string line = prefix.data();
  line.append(text);
  if (line.size() >= kMaxLine) line.replace(kMaxLine - 4, std::string::npos, "...");
  line.push_back('\n');
  stderrSink().write(line);
}

}  // namespace mux::log
