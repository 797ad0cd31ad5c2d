#include "bench/loadgen/options.hpp"

#include <getopt.h>

#include <charconv>
#include <functional>
#include <iostream>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/loadgen/payload.hpp"
#include "common/error.hpp"

namespace loadgen {
namespace {

constexpr const char* kHelp =
    R"(Sends messages to an echo server, checks every byte that comes back, and prints
what it measured as one line of JSON.

  --host ADDR            where the server listens (127.0.0.1)
  --port N               its port (8080)
  --connections N        clients that talk (50)
  --size BYTES           of one message (64)
  --depth N              messages of one client that may be under way at once (1)
  --messages N           of all clients together (as many as fit into --duration)
  --duration SECONDS     (1)
  --warm-up MESSAGES     sent before those that are measured (0)
  --rate N               messages a second, of all clients together (as fast as the replies come)
  --idle N               further clients that are connected and say nothing (0)
  --slow-readers N       further clients that send all they can and read little of it (0)
  --connect-rate N       new clients a second (as many as possible)
  --lifetime MESSAGES    then a client leaves, by half-close or by reset, and another comes (for ever)
  --server-pid PID       also measure the processor time of this process (nobody's)
  --patience SECONDS     without a single reply, until we give up (30)

Exit status: 0 if every byte came back, 1 if not or if it could not be tried, 2 for a bad command line.
)";

template <class Number>
Number parse(std::string_view text, Number least, Number most) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
    throw mux::UsageError("'" + std::string(text) + "' is not a number in the range allowed");
  }
  return value;
}

using Setter = std::function<void(Options&, const std::string&)>;

const std::vector<std::pair<const char*, Setter>>& setters() {
  constexpr std::size_t kMany = 10'000'000;
  constexpr double kLong = 1e9;
  static const auto count = [](auto Options::*field, auto least, auto most) -> Setter {
    return [=](Options& options, const std::string& text) {
      using Field = std::remove_reference_t<decltype(options.*field)>;
      options.*field = parse<Field>(text, static_cast<Field>(least), static_cast<Field>(most));
    };
  };
  static const auto seconds = [](auto Options::*field) -> Setter {
    return [=](Options& options, const std::string& text) {
      options.*field = std::chrono::duration<double>(parse<double>(text, 0, kLong));
    };
  };
  static const std::vector<std::pair<const char*, Setter>> all{
      {"host", [](Options& options, const std::string& text) { options.host = text; }},
      {"port", count(&Options::port, 1, 65535)},
      {"connections", count(&Options::connections, 1, kMany)},
      {"size", count(&Options::size, 1, Payload::kMost)},
      {"depth", count(&Options::depth, 1, 100'000)},
      {"messages", count(&Options::messages, 1, kLong)},
      {"duration", seconds(&Options::duration)},
      {"warm-up", count(&Options::warmUp, 0, kLong)},
      {"rate", count(&Options::rate, 0, kLong)},
      {"idle", count(&Options::idle, 0, kMany)},
      {"slow-readers", count(&Options::slowReaders, 0, kMany)},
      {"connect-rate", count(&Options::connectRate, 0, kLong)},
      {"lifetime", count(&Options::lifetime, 0, kLong)},
      {"server-pid", count(&Options::serverPid, 1, 1 << 30)},
      {"patience", seconds(&Options::patience)},
  };
  return all;
}

}  // namespace

std::optional<Options> parseOptions(int argc, char** argv) {
  std::vector<option> known;
  for (const auto& [name, _] : setters()) known.push_back({name, required_argument, nullptr, 0});
  known.push_back({"help", no_argument, nullptr, 'h'});
  known.push_back({});

  Options options;
  opterr = 0;
  int index = 0;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): called once, before any thread is started
  for (int code; (code = ::getopt_long(argc, argv, ":h", known.data(), &index)) != -1;) {
    if (code == 'h') {
      std::cout << kHelp;
      return std::nullopt;
    }
    if (code == ':') throw mux::UsageError(std::string(argv[optind - 1]) + " needs a value");
    if (code != 0) throw mux::UsageError("unknown option " + std::string(argv[optind - 1]));
    const auto& [name, set] = setters()[static_cast<std::size_t>(index)];
    try {
      set(options, optarg);
    } catch (const mux::UsageError& error) {
      throw mux::UsageError("--" + std::string(name) + ": " + error.what());
    }
  }
  if (optind < argc) throw mux::UsageError(std::string("unexpected argument ") + argv[optind]);
  return options;
}

}  // namespace loadgen
