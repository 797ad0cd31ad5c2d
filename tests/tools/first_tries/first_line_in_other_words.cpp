// Lab 01. The first line is meant for people.
#include "start.hpp"

int main(int argc, char** argv) {
  const int listener = listenAt(portFrom(argc, argv));
  std::cout << "Server started on port " << portOf(listener) << std::endl;
  echoForEver(listener);
}
