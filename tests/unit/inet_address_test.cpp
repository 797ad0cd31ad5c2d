#include "common/inet_address.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "common/error.hpp"
#include "tests/unit/support.hpp"
#include "tests/unit/test_client.hpp"

namespace {

using mux::InetAddress;

TEST(InetAddress, PrintsWhatItParsed) {
  EXPECT_EQ(InetAddress("127.0.0.1", 8080).toString(), "127.0.0.1:8080");
  EXPECT_EQ(InetAddress("0.0.0.0", 0).toString(), "0.0.0.0:0");
  EXPECT_EQ(InetAddress("::1", 65535).toString(), "[::1]:65535");
  EXPECT_EQ(InetAddress("2001:db8:0:0:0:0:0:1", 80).toString(), "[2001:db8::1]:80");
}

TEST(InetAddress, IsOfTheSizeThatItsFamilyWants) {
  EXPECT_EQ(InetAddress("127.0.0.1", 1).family(), AF_INET);
  EXPECT_EQ(InetAddress("127.0.0.1", 1).size(), sizeof(sockaddr_in));
  EXPECT_EQ(InetAddress("::1", 1).family(), AF_INET6);
  EXPECT_EQ(InetAddress("::1", 1).size(), sizeof(sockaddr_in6));
}

TEST(InetAddress, KeepsItsPortInNetworkOrder) {
  const InetAddress address("127.0.0.1", 0x1234);
  EXPECT_EQ(address.port(), 0x1234);
  EXPECT_EQ(reinterpret_cast<const sockaddr_in*>(address.raw())->sin_port, htons(0x1234));
}

TEST(InetAddress, TakesAnotherPort) {
  for (const char* ip : {"127.0.0.1", "::1"}) {
    InetAddress address(ip, 1);
    address.setPort(65535);
    EXPECT_EQ(address.port(), 65535);
  }
}

TEST(InetAddress, RefusesWhatIsNotANumericAddress) {
  for (const char* text :
       {"localhost", "", "127.0.0", "127.0.0.1:80", "[::1]", "256.0.0.1", " ::1"}) {
    try {
      const InetAddress address(text, 1);
      FAIL() << "took '" << text << "'";
    } catch (const mux::UsageError& error) {
      EXPECT_NE(std::string(error.what()).find("'" + std::string(text) + "'"), std::string::npos);
    }
  }
}

TEST(InetAddress, OneEndsPeerIsTheOthersLocalAddress) {
  const unit::TcpPair pair;
  const int server = pair.server.fd();
  const int client = pair.client.fd();
  EXPECT_EQ(InetAddress::localOf(server).toString(), InetAddress::peerOf(client).toString());
  EXPECT_EQ(InetAddress::peerOf(server).toString(), InetAddress::localOf(client).toString());
  EXPECT_NE(InetAddress::localOf(server).port(), 0);
}

TEST(InetAddress, AskingADescriptorThatHasNoneThrows) {
  const mux::UniqueFd noSocket(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_THROW(InetAddress::localOf(noSocket.get()), std::system_error);
  EXPECT_THROW(InetAddress::peerOf(noSocket.get()), std::system_error);
}

}  // namespace
