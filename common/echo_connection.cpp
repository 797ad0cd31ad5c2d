#include "common/echo_connection.hpp"

#include <algorithm>

namespace mux {

Scratch::Scratch(const Options& options)
    : bytes_(options.prefix.size() + options.readSize), prefix_(options.prefix.size()) {
  std::ranges::copy(options.prefix, bytes_.begin());
}

std::span<char> Scratch::room() noexcept {
  return std::span(bytes_).subspan(prefix_);
}

std::string_view Scratch::reply(std::size_t received) const noexcept {
  return {bytes_.data(), prefix_ + received};
}

bool EchoConnection::readSome(Scratch& scratch) {
  if (!wantsRead()) return false;
  const IoResult got = socket_.receive(scratch.room());
  if (got.status == IoStatus::Done) sendOrKeep(scratch.reply(got.bytes));
  if (got.status == IoStatus::EndOfStream) endOfInput_ = true;
  if (got.status == IoStatus::Failed) failed_ = true;
  return got.status == IoStatus::Done;
}

bool EchoConnection::writeSome() {
  if (!wantsWrite()) return false;
  const IoResult put = socket_.send(unsent_.pending());
  if (put.status == IoStatus::Done) unsent_.consume(put.bytes);
  if (put.status == IoStatus::Failed) failed_ = true;
  return put.status == IoStatus::Done;
}

void EchoConnection::say(std::string_view text) {
  if (!done() && unsent_.size() < kHighWater) sendOrKeep(text);
}

void EchoConnection::sendOrKeep(std::string_view bytes) {
  if (unsent_.empty()) {  // else what waits goes first
    const IoResult put = socket_.send(bytes);
    if (put.status == IoStatus::Done) bytes.remove_prefix(put.bytes);
    if (put.status == IoStatus::Failed) failed_ = true;
  }
  if (!failed_ && !bytes.empty()) unsent_.append(bytes);
}

void ConnectionTable::add(Socket socket) {
  const auto fd = static_cast<std::size_t>(socket.fd());
  if (fd >= slots_.size()) slots_.resize(fd + 1);
  slots_[fd] = std::make_unique<EchoConnection>(std::move(socket));
  ++size_;
}

void ConnectionTable::erase(int fd) {
  slots_[static_cast<std::size_t>(fd)].reset();
  --size_;
}

}  // namespace mux
