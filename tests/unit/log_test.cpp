// Log lines: what is in one, which are printed, and that they come out whole.
#include "common/log.hpp"

#include <gtest/gtest.h>
#include <limits.h>
#include <unistd.h>

#include <ostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "common/error.hpp"
#include "tests/unit/support.hpp"

namespace {

using mux::log::Level;
using unit::LogCapture;

TEST(Log, ALineHasTimeThreadLevelAndText) {
  const LogCapture capture;
  mux::log::warn("fd ", 7, " is ", std::string("odd"));
  std::istringstream line(capture.text());
  double seconds = -1;
  int thread = 0;
  std::string level, text;
  std::getline(line >> seconds >> thread >> level >> std::ws, text);
  EXPECT_GE(seconds, 0);
  EXPECT_EQ(thread, ::gettid());
  EXPECT_EQ(level, "warn");
  EXPECT_EQ(text, "fd 7 is odd");
  EXPECT_EQ(capture.count("\n"), 1u);
}

TEST(Log, TheThresholdDecidesWhatIsSaid) {
  const LogCapture capture(Level::Warn);
  mux::log::debug("a");
  mux::log::info("b");
  mux::log::warn("c");
  mux::log::error("d");
  EXPECT_EQ(capture.count("\n"), 2u);
  EXPECT_EQ(capture.count(" warn  c\n"), 1u);
  EXPECT_EQ(capture.count(" error d\n"), 1u);
}

struct Costly {
  int& formatted;
};
std::ostream& operator<<(std::ostream& out, const Costly& costly) {
  ++costly.formatted;
  return out;
}

TEST(Log, FormatsNothingThatIsNotPrinted) {
  const LogCapture capture(Level::Info);
  int formatted = 0;
  mux::log::debug(Costly{formatted});
  EXPECT_EQ(formatted, 0);
  mux::log::info(Costly{formatted});
  EXPECT_EQ(formatted, 1);
}

TEST(Log, ALongLineIsCutWhereAPipeWouldTearIt) {
  const LogCapture capture;
  mux::log::info(std::string(2 * PIPE_BUF, 'x'));
  const std::string text = capture.text();
  EXPECT_LE(text.size(), static_cast<std::size_t>(PIPE_BUF));
  EXPECT_TRUE(text.ends_with("xxx...\n"));
}

TEST(Log, LinesFromManyThreadsDoNotMix) {
  constexpr int kThreads = 4;
  constexpr int kLines = 500;
  const LogCapture capture;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([] {
        for (int n = 0; n < kLines; ++n) mux::log::info("first part, ", "second part");
      });
    }
  }
  EXPECT_EQ(capture.count("\n"), kThreads * kLines);
  EXPECT_EQ(capture.count(" info  first part, second part\n"), kThreads * kLines);
}

TEST(Log, ABurstIsMentionedOnce) {
  const LogCapture capture;
  mux::log::Burst burst;
  burst.warn("full");
  burst.warn("full");
  EXPECT_EQ(capture.count("full"), 1u);
  burst.over();
  burst.over();
  EXPECT_EQ(capture.count("full"), 1u);
  burst.warn("full");
  EXPECT_EQ(capture.count("full"), 2u);
}

TEST(Log, KnowsItsLevelsByName) {
  EXPECT_EQ(mux::log::parseLevel("debug"), Level::Debug);
  EXPECT_EQ(mux::log::parseLevel("info"), Level::Info);
  EXPECT_EQ(mux::log::parseLevel("warn"), Level::Warn);
  EXPECT_EQ(mux::log::parseLevel("error"), Level::Error);
  EXPECT_THROW(mux::log::parseLevel("Debug"), mux::UsageError);
  EXPECT_THROW(mux::log::parseLevel(""), mux::UsageError);
}

}  // namespace
