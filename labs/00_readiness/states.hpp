// The catalogue: every state that this lab asks about, in the order in which it is printed.
#pragma once

#include <string_view>
#include <vector>

#include "labs/00_readiness/scene.hpp"

namespace lab00 {

struct State {
  std::string_view id;     // "half-closed": stable, for --state, --json and the tests
  std::string_view title;  // what has happened, in a few words
  std::string_view why;    // the rule behind the answers
  Scene (*make)();         // sets the state up anew; throws std::system_error
};

struct Group {
  std::string_view title;
  std::vector<State> states;
};

// One group per source file.
Group readingStates();
Group closingStates();
Group connectingStates();
Group writingStates();
Group otherStates();
Group repeatStates();

const std::vector<Group>& allGroups();

}  // namespace lab00
