#include "common/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/error.hpp"
#include "tests/unit/support.hpp"

namespace {

using mux::check;
using mux::UniqueFd;
using mux::log::Level;
using mux::log::Sink;
using unit::LogCapture;

struct Channel {
  UniqueFd reader, writer;
};

Channel makePipe() {
  int ends[2];
  check(::pipe2(ends, O_CLOEXEC), "pipe2");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Channel makeSocketpair() {
  int ends[2];
  check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Channel makeTerminal() {
  UniqueFd master(check(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "posix_openpt"));
  check(::grantpt(master.get()), "grantpt");
  check(::unlockpt(master.get()), "unlockpt");
  std::array<char, 64> name;
  if (::ptsname_r(master.get(), name.data(), name.size()) != 0) mux::throwErrno("ptsname_r");
  UniqueFd slave(check(::open(name.data(), O_WRONLY | O_NOCTTY | O_CLOEXEC), "open"));
  return {std::move(master), std::move(slave)};
}

// A named pipe without a reader cannot be opened for writing without blocking.
Channel makePipeThatOpensOnce(std::optional<Sink>& sink) {
  std::string folder = testing::TempDir() + "muxlab.XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) mux::throwErrno("mkdtemp");
  const std::string path = folder + "/log";
  check(::mkfifo(path.c_str(), 0600), "mkfifo");
  const auto openReader = [&] {
    return UniqueFd(check(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC), "open"));
  };
  Channel pipe{openReader(), UniqueFd(check(::open(path.c_str(), O_WRONLY | O_CLOEXEC), "open"))};
  pipe.reader.reset();
  sink.emplace(pipe.writer.get());
  pipe.reader = openReader();
  std::filesystem::remove_all(folder);
  return pipe;
}

std::string readAvailable(int fd) {
  std::string text;
  std::array<char, 65536> chunk;
  while (unit::isReady(fd, POLLIN)) {
    const ssize_t n = ::read(fd, chunk.data(), chunk.size());
    if (n <= 0) break;
    text.append(chunk.data(), static_cast<std::size_t>(n));
  }
  return text;
}

// A terminal passes on what was written to it a little later.
std::string readUpTo(int fd, std::string_view last) {
  std::string text;
  EXPECT_TRUE(unit::eventually([&] {
    text += readAvailable(fd);
    return text.find(last) != std::string::npos;
  })) << text;
  return text;
}

const std::string kLine = std::string(99, 'x') + "\n";

// Far more than any of the channels holds. Would hang here if the sink could block.
void writeUntilFull(Sink& sink) {
  for (int i = 0; i < 100'000 && sink.lost() < 10; ++i) sink.write(kLine);
}

struct Kind {
  const char* name;
  Channel (*make)();
};
void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}

class LogSink : public testing::TestWithParam<Kind> {};
INSTANTIATE_TEST_SUITE_P(On, LogSink,
                         testing::Values(Kind{"pipe", makePipe}, Kind{"socketpair", makeSocketpair},
                                         Kind{"terminal", makeTerminal}),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(LogSink, PassesOnWhatItIsGiven) {
  const Channel channel = GetParam().make();
  Sink sink(channel.writer.get());
  sink.write("one\n");
  sink.write("two\n");
  const std::string text = readUpTo(channel.reader.get(), "two");
  EXPECT_LT(text.find("one"), text.find("two")) << text;
  EXPECT_EQ(sink.lost(), 0u);
}

TEST_P(LogSink, DropsAndCountsWhatFindsNoRoom) {
  const Channel channel = GetParam().make();
  Sink sink(channel.writer.get());
  writeUntilFull(sink);
  EXPECT_EQ(sink.lost(), 10u);
}

TEST_P(LogSink, SaysHowMuchIsMissingOnceThereIsRoomAgain) {
  const Channel channel = GetParam().make();
  Sink sink(channel.writer.get());
  writeUntilFull(sink);
  std::string text;
  std::size_t missing = 0;
  EXPECT_TRUE(unit::eventually([&] {
    text += readAvailable(channel.reader.get());
    missing = sink.lost();
    sink.write("again\n");
    return sink.lost() == 0;
  }));
  text += readUpTo(channel.reader.get(), "again");
  EXPECT_GE(missing, 10u);
  const auto note = text.find("(" + std::to_string(missing) + " log lines lost");
  ASSERT_NE(note, std::string::npos) << text;
  EXPECT_GT(text.find("again"), note);
}

TEST_P(LogSink, LeavesTheFlagsAloneThatOthersShare) {
  const Channel channel = GetParam().make();
  const int before = ::fcntl(channel.writer.get(), F_GETFL);
  Sink sink(channel.writer.get());
  writeUntilFull(sink);
  EXPECT_EQ(::fcntl(channel.writer.get(), F_GETFL), before);
  EXPECT_FALSE(before & O_NONBLOCK);
}

TEST_P(LogSink, NeedsNoDescriptorOnceItIsOpen) {
  const Channel channel = GetParam().make();
  Sink sink(channel.writer.get());
  const unit::FullTable full(0);
  sink.write("line\n");
  EXPECT_EQ(sink.lost(), 0u);
}

TEST_P(LogSink, HandsNoDescriptorToChildren) {
  const Channel channel = GetParam().make();
  const std::vector<int> before = unit::openDescriptors();
  const Sink sink(channel.writer.get());
  for (const int fd : unit::openDescriptors()) {
    if (std::ranges::count(before, fd) == 0) {
      EXPECT_TRUE(::fcntl(fd, F_GETFD) & FD_CLOEXEC) << "descriptor " << fd;
    }
  }
}

TEST(LogSinkOn, APipeThatCannotBeOpenedAgainDoesNotBlockEither) {
  std::optional<Sink> sink;
  const Channel pipe = makePipeThatOpensOnce(sink);
  sink->write("line\n");
  EXPECT_EQ(readAvailable(pipe.reader.get()), "line\n");
  writeUntilFull(*sink);
  EXPECT_EQ(sink->lost(), 10u);
}

TEST(LogSinkOn, ContinuesAFileWhereOthersWhoShareItStopped) {
  const UniqueFd file(check(::memfd_create("log", MFD_CLOEXEC), "memfd_create"));
  Sink sink(file.get());
  check(static_cast<int>(::write(file.get(), "shell\n", 6)), "write");
  sink.write("log\n");
  check(static_cast<int>(::write(file.get(), "shell\n", 6)), "write");
  std::array<char, 64> text{};
  check(static_cast<int>(::pread(file.get(), text.data(), text.size(), 0)), "pread");
  EXPECT_STREQ(text.data(), "shell\nlog\nshell\n");
}

TEST(LogSinkOn, ADescriptorThatIsClosedCostsLinesAndNothingElse) {
  UniqueFd gone = makePipe().writer;
  const int number = gone.get();
  gone.reset();
  Sink sink(number);
  sink.write("line\n");
  EXPECT_EQ(sink.lost(), 1u);
}

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
