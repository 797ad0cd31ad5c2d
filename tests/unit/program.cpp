#include "tests/unit/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "common/error.hpp"
#include "tests/unit/support.hpp"

namespace unit {

using mux::check;
using mux::UniqueFd;

namespace {

struct Pipe {
  Pipe() {
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC), "pipe2");
    reader.reset(ends[0]);
    writer.reset(ends[1]);
  }
  UniqueFd reader, writer;
};

// Nothing at the end of the file; what waits now, or what comes first.
std::string readSome(int fd) {
  std::array<char, 4096> chunk;
  const ssize_t n = ::read(fd, chunk.data(), chunk.size());
  check(static_cast<int>(n), "read");
  return {chunk.data(), static_cast<std::size_t>(n)};
}

std::string readToEnd(int fd) {
  std::string text;
  for (;;) {
    await(fd, POLLIN);
    const std::string chunk = readSome(fd);
    if (chunk.empty()) return text;
    text += chunk;
  }
}

}  // namespace

Program::Program(const std::string& name, std::vector<std::string> arguments, int firstFree) {
  arguments.insert(arguments.begin(), MUXLAB_BIN_DIR "/" + name);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  Pipe out, err;

  pid_ = check(::fork(), "fork");
  if (pid_ == 0) {  // nothing but system calls here: another thread may hold a lock for ever
    ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
    ::dup2(out.writer.get(), STDOUT_FILENO);
    ::dup2(err.writer.get(), STDERR_FILENO);
    ::close_range(3, ~0u, 0);
    for (int fd = 3; fd < firstFree; ++fd) ::dup(STDIN_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  out_ = std::move(out.reader);
  err_ = std::move(err.reader);
}

Program::~Program() {
  if (status_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::string Program::firstLine() {
  std::string line;
  for (char c = 0; c != '\n';) {
    await(out_.get(), POLLIN);
    if (check(static_cast<int>(::read(out_.get(), &c, 1)), "read") == 0) {
      throw std::runtime_error("the program said on stdout: '" + line + "', on stderr: " + err());
    }
    line += c;
  }
  return line;
}

mux::InetAddress Program::address() {
  const std::string line = firstLine();
  const std::string start = "listening on 127.0.0.1:";
  if (!line.starts_with(start)) throw std::runtime_error("unexpected first line: " + line);
  return {"127.0.0.1", static_cast<std::uint16_t>(std::stoi(line.substr(start.size())))};
}

void Program::signal(int number) const {
  check(::kill(pid_, number), "kill");
}

bool Program::hasEnded() const {
  siginfo_t about{};
  check(::waitid(P_PID, static_cast<id_t>(pid_), &about, WEXITED | WNOHANG | WNOWAIT), "waitid");
  return about.si_pid != 0;
}

int Program::exitStatus() {
  if (!status_) {
    if (!eventually([&] { return hasEnded(); })) throw std::runtime_error("it does not end");
    int status = 0;
    check(::waitpid(pid_, &status, 0), "waitpid");
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  return *status_;
}

std::string Program::restOfOut() {
  return readToEnd(out_.get());
}

std::string Program::err() {
  return errText_ += readToEnd(err_.get());
}

std::string Program::errSoFar() {
  while (isReady(err_.get(), POLLIN)) {
    const std::string more = readSome(err_.get());
    if (more.empty()) break;
    errText_ += more;
  }
  return errText_;
}

}  // namespace unit
