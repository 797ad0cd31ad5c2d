// Lab 01. All messages go to stderr, the first line as well.
#include "start.hpp"

int main(int argc, char** argv) {
  const int listener = listenAt(portFrom(argc, argv));
  std::cerr << "listening on 127.0.0.1:" << portOf(listener) << std::endl;
  echoForEver(listener);
}
