#include "bench/loadgen/client.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <sstream>

#include "common/error.hpp"

namespace loadgen {
namespace {

std::string who(std::size_t number) {
  return "client " + std::to_string(number) + ": ";
}

std::string hex(char byte) {
  std::ostringstream text;
  text << "0x" << std::hex << static_cast<unsigned>(static_cast<unsigned char>(byte));
  return text.str();
}

}  // namespace

void Client::start(Clock::time_point due) {
  owed_ += size_;
  due_.push_back(due);
}

bool Client::sendOwed(const Payload& payload) {
  while (sent_ < owed_) {
    const std::size_t size = std::min<std::uint64_t>(owed_ - sent_, Payload::kMost);
    const std::string_view part = payload.part(number_, sent_, size);
    const ssize_t n = ::send(fd(), part.data(), part.size(), MSG_NOSIGNAL);
    if (n == -1 && (errno == EAGAIN || errno == EINTR)) return false;
    if (n == -1) throw BadEcho(who(number_) + "send: " + mux::errnoText());
    sent_ += static_cast<std::uint64_t>(n);
  }
  return true;
}

std::size_t Client::receive(const Payload& payload, std::span<char> room) {
  const ssize_t n = ::recv(fd(), room.data(), std::min(room.size(), Payload::kMost), 0);
  if (n == -1 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (n == -1) throw BadEcho(who(number_) + "recv: " + mux::errnoText());
  if (n == 0 && leaving_ && received_ == owed_) {
    ended_ = true;
    return 0;
  }
  if (n == 0) {
    throw BadEcho(who(number_) + "the server hung up after " + std::to_string(received_) +
                  " bytes of " + std::to_string(sent_));
  }
  const std::string_view got(room.data(), static_cast<std::size_t>(n));
  if (received_ + got.size() > sent_) {
    throw BadEcho(who(number_) + "more came back than was sent: " +
                  std::to_string(received_ + got.size()) + " bytes of " + std::to_string(sent_));
  }
  if (const auto at = payload.mismatch(number_, received_, got)) {
    throw BadEcho(who(number_) + "byte " + std::to_string(received_ + *at) + " came back as " +
                  hex(got[*at]) + ", and was sent as " +
                  hex(payload.part(number_, received_ + *at, 1)[0]));
  }
  const std::uint64_t before = received_ / size_;
  received_ += got.size();
  return received_ / size_ - before;
}

Clock::time_point Client::takeReply() {
  const Clock::time_point due = due_.front();
  due_.pop_front();
  return due;
}

void Client::leave() {
  leaving_ = true;
  ::shutdown(fd(), SHUT_WR);
}

void Client::reset() {
  const linger now{1, 0};
  ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  socket_.reset();
}

}  // namespace loadgen
