// Where log lines go: whatever is behind descriptor 2, a line never blocks, and what is lost is
// counted.
#include <fcntl.h>
#include <gtest/gtest.h>
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
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.hpp"
#include "common/log.hpp"
#include "tests/unit/support.hpp"

namespace {

using mux::check;
using mux::UniqueFd;
using mux::log::Sink;

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

}  // namespace
