// The matrix of states and mechanisms: measured here and now, printed for people or machines.
#pragma once

#include <array>
#include <iosfwd>
#include <string_view>
#include <vector>

#include "labs/00_readiness/ask.hpp"
#include "labs/00_readiness/states.hpp"

namespace lab00 {

// The six questions, in the order of Row::answers; these names are the keys in the JSON.
inline constexpr std::array kColumns{"select",         "poll",           "epoll_lt_first",
                                     "epoll_lt_again", "epoll_et_first", "epoll_et_again"};

struct Row {
  const Group* group;
  const State* state;
  std::array<Answer, kColumns.size()> answers;
};

// Every state is set up once for each mechanism: no question can disturb the next one.
std::vector<Row> measureAll();
Row measureOne(std::string_view id);  // throws mux::UsageError if there is no such state

// At most 100 columns wide. On a terminal, headings are bold.
void printTable(std::ostream& out, const std::vector<Row>& rows, bool terminal);

// Each state with its title, its answers and the rule behind them.
void printExplanations(std::ostream& out, const std::vector<Row>& rows, bool terminal);

// {"schema": 1, "kernel": "6.1.0", "columns": ["select", …], "states": [
//   {"id": "idle", "group": "…", "title": "…", "why": "…",
//    "answers": {"select": {"bits": ["write"], "error": null}, …}}, …]}
void printJson(std::ostream& out, const std::vector<Row>& rows);

}  // namespace lab00
