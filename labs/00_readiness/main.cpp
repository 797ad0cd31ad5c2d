// Lab 00: what "ready" means, asked of real sockets.
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>

#include "common/error.hpp"
#include "labs/00_readiness/bitmap.hpp"
#include "labs/00_readiness/matrix.hpp"

namespace {

constexpr std::string_view kHelp =
    R"(usage: 00_readiness [--json | --explain | --bitmap] [--state ID]

Puts real sockets, pipes and files into every state, asks select, poll and epoll about each,
and prints what they reported.

  --explain    each state with its answers and the rule behind them
  --state ID   only this state, explained; ID is the table's first column
  --json       the matrix for programs; the schema is in matrix.hpp
  --bitmap     an fd_set is a bitmap: its bits before and after a real select
  --help       this text
)";

struct Options {
  std::string_view what = "--table";
  std::string_view state;  // empty: all of them
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--state") {
      if (++i == argc) throw mux::UsageError("--state needs an ID, such as --state reset");
      options.state = argv[i];
    } else if (option == "--json" || option == "--explain" || option == "--bitmap" ||
               option == "--help") {
      options.what = option;
    } else {
      throw mux::UsageError("unknown option '" + std::string(option) + "' (see --help)");
    }
  }
  return options;
}

void run(const Options& options) {
  using namespace lab00;
  if (options.what == "--help") {
    std::cout << kHelp;
    return;
  }
  if (options.what == "--bitmap") {
    const std::string text = walkThroughBitmap();  // standard output is a pipe until it returns
    std::cout << text;
    return;
  }
  const std::vector<Row> rows =
      options.state.empty() ? measureAll() : std::vector<Row>{measureOne(options.state)};
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  if (options.what == "--json") {
    printJson(std::cout, rows);
  } else if (options.what == "--explain" || !options.state.empty()) {
    printExplanations(std::cout, rows, terminal);
  } else {
    printTable(std::cout, rows, terminal);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  run(parse(argc, argv));
  return EXIT_SUCCESS;
} catch (const mux::UsageError& error) {
  std::cerr << "00_readiness: " << error.what() << '\n';
  return 2;
} catch (const std::exception& error) {
  std::cerr << "00_readiness: " << error.what() << '\n';
  return EXIT_FAILURE;
}
