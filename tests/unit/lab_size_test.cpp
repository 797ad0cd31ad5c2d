// The diff between two labs is the lesson, so it has a budget; and so has what one can read at
// once.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <ostream>
#include <string>

namespace {

const std::filesystem::path kLabs = std::filesystem::path(MUXLAB_SOURCE_DIR) / "labs";
constexpr std::ptrdiff_t kFileBudget = 120;  // lines; a file must stay below

// The lines that diff(1) marks with < or >.
int differingLines(const std::filesystem::path& one, const std::filesystem::path& other) {
  const std::string command = "diff '" + one.string() + "' '" + other.string() + "'";
  const std::unique_ptr<FILE, int (*)(FILE*)> output(::popen(command.c_str(), "r"), ::pclose);
  std::string text;
  std::array<char, 4096> chunk;
  while (const std::size_t n = std::fread(chunk.data(), 1, chunk.size(), output.get())) {
    text.append(chunk.data(), n);
  }
  int lines = 0;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    if (text[at] == '<' || text[at] == '>') ++lines;
  }
  return lines;
}

struct Budget {
  const char* name;
  const char* one;
  const char* other;
  int lines;
};
void PrintTo(const Budget& budget, std::ostream* out) {
  *out << budget.one << " and " << budget.other;
}

class LabDiff : public testing::TestWithParam<Budget> {};
INSTANTIATE_TEST_SUITE_P(
    Labs, LabDiff,
    testing::Values(
        Budget{"server_01_02", "01_select/select_server.cpp", "02_poll/poll_server.cpp", 60},
        Budget{"server_02_03", "02_poll/poll_server.cpp", "03_epoll_lt/epoll_server.cpp", 85},
        Budget{"server_03_04", "03_epoll_lt/epoll_server.cpp", "04_epoll_et/epoll_server.cpp", 60},
        Budget{"header_01_02", "01_select/select_server.hpp", "02_poll/poll_server.hpp", 30},
        Budget{"header_02_03", "02_poll/poll_server.hpp", "03_epoll_lt/epoll_server.hpp", 30},
        Budget{"header_03_04", "03_epoll_lt/epoll_server.hpp", "04_epoll_et/epoll_server.hpp", 30}),
    [](const auto& budget) { return std::string(budget.param.name); });

TEST_P(LabDiff, StaysWithinItsBudget) {
  const auto& [name, one, other, budget] = GetParam();
  ASSERT_TRUE(std::filesystem::exists(kLabs / one)) << "is there another name for " << one << "?";
  ASSERT_TRUE(std::filesystem::exists(kLabs / other))
      << "is there another name for " << other << "?";
  const int lines = differingLines(kLabs / one, kLabs / other);
  EXPECT_GT(lines, 0);
  EXPECT_LE(lines, budget)
      << "labs/" << one << " and labs/" << other << " differ in " << lines << " lines, "
      << lines - budget
      << " more than the budget.\nGive what is the same in both the same text and "
      << "place, or move what is no lesson to common/.\nTo look at it: diff labs/" << one
      << " labs/" << other;
}

TEST(LabFiles, AreShortEnoughToReadAtOnce) {
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kLabs)) {
    const std::string extension = entry.path().extension();
    if (extension != ".cpp" && extension != ".hpp") continue;
    ++files;
    std::ifstream file(entry.path());
    std::ptrdiff_t lines = 0;
    for (std::string line; std::getline(file, line);) ++lines;
    EXPECT_LT(lines, kFileBudget) << entry.path().lexically_relative(kLabs.parent_path()).string()
                                  << " has " << lines
                                  << " lines: split it, or move what is no lesson to common/";
  }
  EXPECT_GT(files, 10);
}

}  // namespace
