// Lab 01. The port is a constant, whatever the command line says.
#include "start.hpp"

#ifndef PORT
#define PORT 8080
#endif

int main() {
  const int listener = listenAt(PORT);
  std::cout << "listening on 127.0.0.1:" << PORT << std::endl;
  echoForEver(listener);
}
