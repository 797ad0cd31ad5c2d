// One line a call, one write(2) a line: lines from different threads never mix. Never blocks.
#pragma once

#include <atomic>
#include <cstddef>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "common/unique_fd.hpp"

namespace mux::log {

enum class Level { Debug, Info, Warn, Error };

Level parseLevel(const std::string& name);  // "debug" … "error"; throws UsageError

inline std::atomic<Level> threshold = Level::Info;

inline bool enabled(Level level) noexcept {
  return level >= threshold.load(std::memory_order_relaxed);
}

// A way to write to `fd` that never blocks, and does not change `fd` for others who share it.
class Sink {
 public:
  // Borrows `fd`. Its own descriptor, where it needs one, is opened here and not later: the table
  // may be full by then.
  explicit Sink(int fd);

  // Any thread. A line that finds no room is dropped and counted; the next that finds some says how
  // many are missing.
  void write(std::string_view line) noexcept;
  std::size_t lost() const noexcept { return lost_; }

 private:
  enum class Kind { File, Socket, NonBlocking, AskFirst };

  bool tryWrite(std::string_view text) const noexcept;

  int fd_;
  UniqueFd own_;
  Kind kind_;
  std::atomic<std::size_t> lost_ = 0;
};

Sink& stderrSink();  // opened at the first call; labMain() makes that call

// Adds the time since the start in seconds, the thread id and the level.
void writeLine(Level level, std::string_view text);

template <class... Parts>
void line(Level level, const Parts&... parts) {
  if (!enabled(level)) return;
  std::ostringstream text;
  (text << ... << parts);
  writeLine(level, text.view());
}

template <class... Parts>
void debug(const Parts&... parts) {
  line(Level::Debug, parts...);
}
template <class... Parts>
void info(const Parts&... parts) {
  line(Level::Info, parts...);
}
template <class... Parts>
void warn(const Parts&... parts) {
  line(Level::Warn, parts...);
}
template <class... Parts>
void error(const Parts&... parts) {
  line(Level::Error, parts...);
}

// Says the first of a burst of like events and stays silent about the rest. One thread.
class Burst {
 public:
  template <class... Parts>
  void warn(const Parts&... parts) {
    if (!std::exchange(on_, true)) log::warn(parts...);
  }
  void over() noexcept { on_ = false; }

 private:
  bool on_ = false;
};

}  // namespace mux::log
