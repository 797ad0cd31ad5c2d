// The matrix for people: aligned columns, no line longer than a terminal is wide.
#include <algorithm>
#include <ostream>
#include <sstream>
#include <string_view>

#include "labs/00_readiness/matrix.hpp"

namespace lab00 {
namespace {

constexpr std::size_t kCell = 12;       // characters: "IN OUT RDHUP"; what is longer is wrapped
constexpr std::size_t kPageWidth = 94;  // characters

// "IN OUT RDHUP ERR HUP" in lines of at most `width` characters.
std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > width)
      lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
  }
  return lines;
}

std::string padded(std::string_view text, std::size_t width) {
  std::string cell(text);
  cell.resize(std::max(width, cell.size()), ' ');
  return cell;
}

std::string bold(std::string_view text, bool terminal) {
  return terminal ? "\033[1m" + std::string(text) + "\033[0m" : std::string(text);
}

// The second wait in one word: the lesson is whether it repeats the first.
std::string again(const Answer& first, const Answer& second) {
  return second == first && !second.bits.empty() ? "same" : second.toString();
}

// One row, as many lines as its tallest cell needs.
void printRow(std::ostream& out, const std::vector<std::string>& cells) {
  static constexpr std::size_t kWidths[] = {23, kCell, kCell, kCell, 6, kCell, 6};
  std::vector<std::vector<std::string>> columns;
  std::size_t height = 0;
  for (const std::string& cell : cells) {
    columns.push_back(wrap(cell, kWidths[columns.size()]));
    height = std::max(height, columns.back().size());
  }
  for (std::size_t line = 0; line < height; ++line) {
    std::string text;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      text += padded(line < columns[i].size() ? columns[i][line] : "", kWidths[i] + 2);
    }
    out << "  " << text.substr(0, text.find_last_not_of(' ') + 1) << '\n';
  }
}

}  // namespace

void printTable(std::ostream& out, const std::vector<Row>& rows, bool terminal) {
  printRow(out, {"", "", "", "epoll level", "", "epoll edge", ""});
  printRow(out, {"state", "select", "poll", "first", "again", "first", "again"});
  const Group* group = nullptr;
  for (const auto& [rowGroup, state, answers] : rows) {
    if (rowGroup != group) out << '\n' << bold(rowGroup->title, terminal) << '\n';
    group = rowGroup;
    const auto& [select, poll, levelFirst, levelAgain, edgeFirst, edgeAgain] = answers;
    printRow(out,
             {std::string(state->id), select.toString(), poll.toString(), levelFirst.toString(),
              again(levelFirst, levelAgain), edgeFirst.toString(), again(edgeFirst, edgeAgain)});
  }
  out << R"(
read, write, except   the three sets of select
IN PRI OUT RDHUP      asked for; POLLIN for poll, EPOLLIN for epoll, and so on
ERR HUP NVAL          not asked for: poll and epoll report them unasked
-                     silence: with a longer timeout, this wait would sleep
again                 a second wait on the same epoll instance; "same" as the first
EBADF, EPERM          the call failed: what was asked could not be answered

What is behind a row:  00_readiness --state ID        behind all of them:  --explain
)";
}

void printExplanations(std::ostream& out, const std::vector<Row>& rows, bool terminal) {
  for (const char* gap = ""; const auto& [group, state, answers] : rows) {
    out << gap << bold(state->id, terminal) << ": " << state->title << "\n\n";
    gap = "\n";
    static constexpr std::array kNames{
        "select", "poll", "epoll level", "epoll level, again", "epoll edge", "epoll edge, again"};
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      out << "  " << padded(kNames[i], 20) << answers[i].toString() << '\n';
    }
    out << '\n';
    for (const std::string& line : wrap(state->why, kPageWidth)) out << "  " << line << '\n';
  }
}

}  // namespace lab00
