#include "story.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "actor.hpp"

namespace inside {
namespace {

std::mutex mutex;
std::vector<std::string> steps;

// For tests/graded: the story up to now, in a file, so that a crash leaves it behind.
int storyFile() {
  static const int file = [] {
    const char* const path = std::getenv("MUXLAB_STORY");
    return path == nullptr ? -1 : ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  }();
  return file;
}

void record(const std::string& kind, const std::string& text = "") {
  if (storyFile() == -1) return;
  std::string line = kind + '\t';
  for (const char c : text) line += c == '\n' || c == '\t' ? ' ' : c;
  line += '\n';
  if (::write(storyFile(), line.data(), line.size()) == -1) std::perror("MUXLAB_STORY");
}

}  // namespace

void step(const std::string& text) {
  const Offstage offstage;
  const std::lock_guard lock(mutex);
  steps.push_back(text);
  record("step", text);
}

void startOver() {
  const Offstage offstage;
  const std::lock_guard lock(mutex);
  steps.clear();
  record("start over");
}

void fail(const std::string& outcome, const Details& details) {
  const Offstage offstage;
  const std::lock_guard lock(mutex);
  record("failed", outcome);
  for (const std::string& detail : details) record("detail", detail);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const bool last = i + 1 == steps.size();
    std::printf("%3zu  %-70s   %s\n", i + 1, steps[i].c_str(), last ? outcome.c_str() : "ok");
  }
  if (steps.empty()) std::printf("     %s\n", outcome.c_str());
  for (const std::string& detail : details) std::printf("     %s\n", detail.c_str());
  std::fflush(stdout);
  std::_Exit(1);
}

void passed() {
  record("passed");
}

}  // namespace inside
