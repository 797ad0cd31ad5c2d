// Lab 00: every cell of the matrix, against a table written by hand from the kernel's rules.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ostream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "common/unique_fd.hpp"
#include "labs/00_readiness/ask.hpp"
#include "labs/00_readiness/bitmap.hpp"
#include "labs/00_readiness/matrix.hpp"
#include "labs/00_readiness/states.hpp"

namespace {

using mux::check;
using mux::UniqueFd;

struct Expected {
  const char* id;
  const char* cells[lab00::kColumns.size()];
};

void PrintTo(const Expected& expected, std::ostream* out) {
  *out << expected.id;
}

// The rules: tcp_poll, pipe_poll, eventfd_poll and fs/select.c in the kernel's source.
//   TCP     IN     SO_RCVLOWAT bytes are unread, or the receiving direction is shut
//           OUT    a third of the send buffer is free, or the sending direction is shut
//           RDHUP  the receiving direction is shut
//           HUP    both directions are shut, or the state is CLOSE
//           ERR    an error waits in SO_ERROR
//           PRI    an urgent byte is there
//           a listener knows only IN; in SYN_SENT there is nothing at all
//   pipe    HUP at the read end, ERR at the write end, when the other end has gone; never RDHUP
//   select  read = IN, HUP or ERR; write = OUT or ERR; except = PRI
// We know of no difference among Linux 5.15 (Ubuntu 22.04) … 6.18; confirmed by running on 6.18.
constexpr const char* kBoth = "read write";
constexpr const char* kUrg = "PRI OUT";
constexpr const char* kErr = "OUT ERR";
constexpr const char* kHup = "OUT HUP";
constexpr const char* kEnd = "IN OUT RDHUP";           // one direction has ended
constexpr const char* kShut = "IN OUT RDHUP HUP";      // both have
constexpr const char* kDead = "IN OUT RDHUP ERR HUP";  // both have, with an error

// clang-format off
constexpr Expected kExpected[] = {
    // id                      select          poll      level     again     edge      again
    {"idle",                  {"write",        "OUT",    "OUT",    "OUT",    "OUT",    "-"}},
    {"data",                  {kBoth,          "IN OUT", "IN OUT", "IN OUT", "IN OUT", "-"}},
    {"data-below-lowat",      {"write",        "OUT",    "OUT",    "OUT",    "OUT",    "-"}},
    {"urgent",                {"write except", kUrg,     kUrg,     kUrg,     kUrg,     "-"}},
    {"send-full",             {"-",            "-",      "-",      "-",      "-",      "-"}},
    {"send-drained",          {"write",        "OUT",    "OUT",    "OUT",    "OUT",    "-"}},
    {"send-drains-between",   {"-",            "-",      "-",      "OUT",    "-",      "OUT"}},
    {"half-closed",           {kBoth,          kEnd,     kEnd,     kEnd,     kEnd,     "-"}},
    {"half-closed-data",      {kBoth,          kEnd,     kEnd,     kEnd,     kEnd,     "-"}},
    {"peer-closed",           {kBoth,          kEnd,     kEnd,     kEnd,     kEnd,     "-"}},
    {"own-shutdown",          {"write",        "OUT",    "OUT",    "OUT",    "OUT",    "-"}},
    {"both-shut",             {kBoth,          kShut,    kShut,    kShut,    kShut,    "-"}},
    {"reset",                 {kBoth,          kDead,    kDead,    kDead,    kDead,    "-"}},
    {"listening",             {"-",            "-",      "-",      "-",      "-",      "-"}},
    {"listening-client",      {"read",         "IN",     "IN",     "IN",     "IN",     "-"}},
    {"unconnected",           {kBoth,          kHup,     kHup,     kHup,     kHup,     "-"}},
    {"connecting",            {"-",            "-",      "-",      "-",      "-",      "-"}},
    {"connected",             {"write",        "OUT",    "OUT",    "OUT",    "OUT",    "-"}},
    {"refused",               {kBoth,          kDead,    kDead,    kDead,    kDead,    "-"}},
    {"pipe-reader-gone",      {kBoth,          kErr,     kErr,     kErr,     kErr,     "-"}},
    {"pipe-writer-gone",      {"read",         "HUP",    "HUP",    "HUP",    "HUP",    "-"}},
    {"pipe-writer-gone-data", {"read",         "IN HUP", "IN HUP", "IN HUP", "IN HUP", "-"}},
    {"eventfd-zero",          {"write",        "OUT",    "OUT",    "OUT",    "OUT",    "-"}},
    {"eventfd-set",           {kBoth,          "IN OUT", "IN OUT", "IN OUT", "IN OUT", "-"}},
    {"eventfd-full",          {"read",         "IN",     "IN",     "IN",     "IN",     "-"}},
    {"regular-file",          {kBoth,          "IN OUT", "EPERM",  "EPERM",  "EPERM",  "EPERM"}},
    {"closed",                {"EBADF",        "NVAL",   "EBADF",  "EBADF",  "EBADF",  "EBADF"}},
    {"more-data",             {kBoth,          "IN OUT", "IN OUT", "IN OUT", "IN OUT", "IN OUT"}},
    {"oneshot",               {kBoth,          "IN OUT", "IN OUT", "-",      "IN OUT", "-"}},
    {"oneshot-rearmed",       {kBoth,          "IN OUT", "IN OUT", "IN OUT", "IN OUT", "IN OUT"}},
};
// clang-format on

int lowestFreeDescriptor() {
  return UniqueFd(check(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open /dev/null")).get();
}

void expectRow(const Expected& expected) {
  const lab00::Row row = lab00::measureOne(expected.id);
  // Made again, it gets the same numbers. A process may have been given a thousand descriptors.
  const bool fits = row.state->make().watched < FD_SETSIZE;
  for (std::size_t i = 0; i < lab00::kColumns.size(); ++i) {
    EXPECT_EQ(i == 0 && !fits ? "FD_SETSIZE" : expected.cells[i], row.answers[i].toString())
        << "state:     " << row.state->id << ", " << row.state->title
        << "\nmechanism: " << lab00::kColumns[i] << "\nthe rule:  " << row.state->why;
  }
}

class Readiness : public testing::TestWithParam<Expected> {};

TEST_P(Readiness, IsReportedAsTheKernelsRulesSay) {
  expectRow(GetParam());
}

INSTANTIATE_TEST_SUITE_P(State, Readiness, testing::ValuesIn(kExpected), [](const auto& test) {
  std::string name = test.param.id;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(ReadinessMatrix, EveryStateHasItsRowAndItsTexts) {
  std::vector<std::string> inProgram, inTable;
  for (const lab00::Group& group : lab00::allGroups()) {
    for (const lab00::State& state : group.states) {
      inProgram.emplace_back(state.id);
      EXPECT_FALSE(state.title.empty()) << state.id;
      EXPECT_TRUE(state.why.ends_with('.')) << state.id;
    }
  }
  for (const Expected& expected : kExpected) inTable.emplace_back(expected.id);
  EXPECT_EQ(inTable, inProgram);
  EXPECT_EQ(inTable.size(), std::set(inTable.begin(), inTable.end()).size())
      << "an id stands twice";
}

TEST(ReadinessMatrix, UnknownStateIsAUsageError) {
  EXPECT_THROW(lab00::measureOne("nonsense"), mux::UsageError);
}

TEST(ReadinessMatrix, AskingChangesNothing) {
  for (const lab00::Group& group : lab00::allGroups()) {
    for (const lab00::State& state : group.states) {
      const lab00::Scene scene = state.make();
      const lab00::Answer select = lab00::askSelect(scene);
      const lab00::Answer poll = lab00::askPoll(scene);
      EXPECT_EQ(select, lab00::askSelect(scene)) << state.id;
      EXPECT_EQ(poll, lab00::askPoll(scene)) << state.id;
    }
  }
}

// Reading SO_ERROR clears it, so a scene that had looked at it would have lost its ERR.
TEST(ReadinessMatrix, TheErrorIsStillThereAfterAsking) {
  for (const lab00::Group& group : lab00::allGroups()) {
    for (const lab00::State& state : group.states) {
      if (state.id != "reset" && state.id != "refused") continue;
      const lab00::Scene scene = state.make();
      lab00::askSelect(scene);
      lab00::askPoll(scene);
      int error = 0;
      socklen_t size = sizeof error;
      check(::getsockopt(scene.watched, SOL_SOCKET, SO_ERROR, &error, &size), "getsockopt");
      EXPECT_EQ(state.id == "reset" ? ECONNRESET : ECONNREFUSED, error) << state.id;
    }
  }
}

class DescriptorLimit {
 public:
  DescriptorLimit() { check(::getrlimit(RLIMIT_NOFILE, &before_), "getrlimit"); }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  bool set(int limit) {
    const rlimit wanted{static_cast<rlim_t>(limit), before_.rlim_max};
    return ::setrlimit(RLIMIT_NOFILE, &wanted) == 0;
  }

 private:
  rlimit before_{};
};

TEST(ReadinessMatrix, NeedsOnlyAHandfulOfDescriptors) {
  DescriptorLimit limit;
  ASSERT_TRUE(limit.set(lowestFreeDescriptor() + 6));
  EXPECT_NO_THROW(lab00::measureAll());
}

TEST(ReadinessMatrix, SelectRefusesDescriptorsBeyondItsSet) {
  DescriptorLimit limit;
  if (!limit.set(std::max(FD_SETSIZE, lowestFreeDescriptor()) + 64)) {
    GTEST_SKIP() << "the hard limit for open files is too low";
  }
  std::vector<UniqueFd> crowd;
  while (crowd.empty() || crowd.back().get() < FD_SETSIZE) {
    crowd.emplace_back(check(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open /dev/null"));
  }
  EXPECT_EQ("FD_SETSIZE", lab00::measureOne("data").answers[0].error);
  for (const Expected& expected : kExpected) expectRow(expected);
}

TEST(ReadinessMatrix, TableFitsOnATerminal) {
  std::ostringstream out;
  lab00::printTable(out, lab00::measureAll(), false);
  lab00::printExplanations(out, lab00::measureAll(), false);
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 100u) << line;
    EXPECT_FALSE(line.ends_with(' ')) << "ends in a blank: " << line;
    EXPECT_TRUE(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; }))
        << "bytes are not columns here: " << line;
  }
}

TEST(ReadinessMatrix, JsonNamesEveryColumn) {
  std::ostringstream out;
  lab00::printJson(out, {lab00::measureOne("data"), lab00::measureOne("regular-file")});
  const std::string json = out.str();
  EXPECT_TRUE(json.starts_with("{\"schema\": 1, \"kernel\": \"")) << json;
  for (const char* column : lab00::kColumns) {
    EXPECT_NE(std::string::npos, json.find("\"" + std::string(column) + "\": {\"bits\": ["))
        << json;
  }
  for (const char* part :
       {R"({"id": "data", "group": ")", R"({"bits": ["IN", "OUT"], "error": null})",
        R"({"bits": [], "error": "EPERM"})"}) {
    EXPECT_NE(std::string::npos, json.find(part)) << part << " is not in\n" << json;
  }
}

TEST(Bitmap, OnlyTheReadyBitsAreLeft) {
  std::istringstream lines(lab00::walkThroughBitmap());
  std::vector<std::string> bits;  // what stands in the bitmap's column, line by line
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 100u) << line;
    if (line.starts_with("  ")) bits.push_back(line.substr(43, 9));
  }
  const std::vector<std::string> expected{
      "7654 3210",
      "0000 0000",                            // FD_ZERO
      "0010 0000", "0010 0100", "0010 0110",  // FD_SET 5, 2, 1
      "0000 0110",                            // 1 and 2 are ready
      "0000 0110",                            // 5 as well, but it was not asked for
      "0010 0110", "0010 0110",               // asked for, and ready
  };
  EXPECT_EQ(expected, bits);
}

TEST(Bitmap, SaysHowManyDescriptorsFit) {
  const std::string text = lab00::walkThroughBitmap();
  const std::string size = std::to_string(sizeof(fd_set) * 8);
  EXPECT_NE(std::string::npos, text.find("sizeof(fd_set) * 8 = " + size)) << text;
}

// Which open file a number stands for, or nothing: identity as far as fstat(2) knows it.
std::vector<ino_t> whatIsOpen() {
  std::vector<ino_t> files;
  for (int fd = 0; fd < 64; ++fd) {
    struct stat status {};
    files.push_back(::fstat(fd, &status) == 0 ? status.st_ino : 0);
  }
  return files;
}

TEST(Bitmap, LeavesTheDescriptorsAsTheyWere) {
  const std::vector<ino_t> before = whatIsOpen();
  lab00::walkThroughBitmap();
  EXPECT_EQ(before, whatIsOpen());
}

TEST(Bitmap, BorrowsANumberThatIsInUse) {
  const UniqueFd file(check(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open /dev/null"));
  std::vector<UniqueFd> crowd;  // so that 5 is somebody's
  while (lowestFreeDescriptor() <= 5) {
    crowd.emplace_back(check(::dup(file.get()), "dup"));
  }
  const std::vector<ino_t> before = whatIsOpen();
  EXPECT_NE(std::string::npos, lab00::walkThroughBitmap().find("0010 0110"));
  EXPECT_EQ(before, whatIsOpen());
}

}  // namespace
