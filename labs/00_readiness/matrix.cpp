#include "labs/00_readiness/matrix.hpp"

#include <sys/epoll.h>
#include <sys/utsname.h>

#include <ostream>
#include <string_view>

#include "common/error.hpp"

namespace lab00 {
namespace {

Row measure(const Group& group, const State& state) {
  const Answer select = askSelect(state.make());
  const Answer poll = askPoll(state.make());
  const auto [levelFirst, levelAgain] = askEpollTwice(state.make(), 0);
  const auto [edgeFirst, edgeAgain] = askEpollTwice(state.make(), EPOLLET);
  return {&group, &state, {select, poll, levelFirst, levelAgain, edgeFirst, edgeAgain}};
}

std::string quoted(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    json += c;  // our texts hold no control characters
  }
  return json + '"';
}

template <class List>
std::string quotedList(const List& list) {
  std::string json;
  for (const auto& item : list) json += (json.empty() ? "" : ", ") + quoted(item);
  return '[' + json + ']';
}

std::string toJson(const Answer& answer) {
  const std::string error = answer.error.empty() ? "null" : quoted(answer.error);
  return "{\"bits\": " + quotedList(answer.bits) + ", \"error\": " + error + "}";
}

}  // namespace

std::vector<Row> measureAll() {
  std::vector<Row> rows;
  for (const Group& group : allGroups()) {
    for (const State& state : group.states) rows.push_back(measure(group, state));
  }
  return rows;
}

Row measureOne(std::string_view id) {
  for (const Group& group : allGroups()) {
    for (const State& state : group.states) {
      if (state.id == id) return measure(group, state);
    }
  }
  throw mux::UsageError("no state '" + std::string(id) +
                        "': the table's first column names those there are");
}

void printJson(std::ostream& out, const std::vector<Row>& rows) {
  utsname system{};
  mux::check(::uname(&system), "uname");
  out << "{\"schema\": 1, \"kernel\": " << quoted(system.release)
      << ", \"columns\": " << quotedList(kColumns) << ", \"states\": [";
  for (const char* separator = "\n"; const Row& row : rows) {
    const State& state = *row.state;
    out << separator << "  {\"id\": " << quoted(state.id)
        << ", \"group\": " << quoted(row.group->title) << ", \"title\": " << quoted(state.title)
        << ",\n   \"why\": " << quoted(state.why) << ",\n   \"answers\": {";
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      out << (i == 0 ? "\n" : ",\n") << "     " << quoted(kColumns[i]) << ": "
          << toJson(row.answers[i]);
    }
    out << "}}";
    separator = ",\n";
  }
  out << "\n]}\n";
}

}  // namespace lab00
